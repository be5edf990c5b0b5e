# kubeboot: phase control-plane on a control-plane, after the prelude
check_0() {
NODE=cp1 INIT_YAML=/etc/kubernetes/kubeboot/init.yaml WAIVED='' LAST_OBJECTS='deployment/coredns daemonset/kube-proxy'
# NODE, INIT_YAML, WAIVED and LAST_OBJECTS are set. What is done is seen, not remembered: the kubelet's own certificate in kubelet.conf is
# the last file that kubeadm init writes, so an API that is silent behind it is a cluster to be mended, never to be made anew.
api_answers() { [ "$(kubectl --request-timeout=5s get --raw /readyz 2>/dev/null)" = ok ]; }
was_made() { [ -f /etc/kubernetes/admin.conf ] && grep -qs kubelet-client-current.pem /etc/kubernetes/kubelet.conf; }
is_clean() {
  [ ! -f /etc/kubernetes/admin.conf ] && [ ! -f /etc/kubernetes/kubelet.conf ] \
    && [ -z "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] && [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ]
}
init_check() {
  if is_clean; then drift "none here yet"; fi
  if ! was_made; then drift "kubeadm init was interrupted"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said=""
  until api_answers; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      crictl ps -a 2>&1 | head -20
      journalctl -u kubelet -n 20 --no-pager -o cat
      fail "The control plane was made on this host, but its API does not answer. Nothing was changed."
    fi
    [ -n "$said" ] || { said=1; waiting "the API server to answer"; }
    sleep 1
  done
  # kubeadm adds these last, in this order; what is there says how far it came.
  local missing
  # shellcheck disable=SC2086 # words
  missing=$(kubectl --request-timeout=20s -n kube-system get "node/$NODE" $LAST_OBJECTS -o name 2>&1 >/dev/null || true)
  case $missing in
    '') ;;
    *NotFound*) drift "kubeadm init was interrupted: $(grep -o '".*" not found' <<<"$missing" | paste -sd' ')" ;;
    *) fail "$missing" ;;
  esac
}
# What the first control-plane container that does not run said (the others need those before it: etcd, then the API
# server); if all run or none was made, what the kubelet said. Errors before usage texts and other noise.
last_words() {
  local name log words
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    [ -z "$(crictl ps -q --name "$name" 2>/dev/null)" ] || continue
    log=$(find /var/log/pods -path "*/kube-system_$name-*.log" -size +0 -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 || true)
    [ -n "$log" ] || continue
    log=${log#* }
    echo "The container $name has ended. Its last words:"
    words=$(grep -iE 'error|fatal|panic|fail|not defined|unknown|invalid|cannot|denied' "$log" | tail -n 4 || true)
    [ -n "$words" ] || words=$(tail -n 4 "$log")
    cut -d' ' -f4- <<<"$words" | cut -c1-300
    return 0
  done
  journalctl -u kubelet -n 50 --no-pager -o cat | grep -v -e reflector -e Trace | tail -n 10 | cut -c1-300 || true
}
init_apply() {
  local ignore=$WAIVED
  if ! is_clean; then
    local name
    for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do
      ignore+=",FileAvailable--etc-kubernetes-manifests-$name.yaml"
    done
    for name in 6443 10259 10257 10250 2379 2380; do ignore+=",Port-$name"; done
    ignore+=",DirAvailable--var-lib-etcd"
  fi
  kubeadm init --config "$INIT_YAML" --skip-token-print --skip-certificate-key-print ${ignore:+--ignore-preflight-errors="${ignore#,}"} || {
    local status=$?
    last_words
    return "$status"
  }
}
init_check
}
apply_0() {
NODE=cp1 INIT_YAML=/etc/kubernetes/kubeboot/init.yaml WAIVED='' LAST_OBJECTS='deployment/coredns daemonset/kube-proxy'
# NODE, INIT_YAML, WAIVED and LAST_OBJECTS are set. What is done is seen, not remembered: the kubelet's own certificate in kubelet.conf is
# the last file that kubeadm init writes, so an API that is silent behind it is a cluster to be mended, never to be made anew.
api_answers() { [ "$(kubectl --request-timeout=5s get --raw /readyz 2>/dev/null)" = ok ]; }
was_made() { [ -f /etc/kubernetes/admin.conf ] && grep -qs kubelet-client-current.pem /etc/kubernetes/kubelet.conf; }
is_clean() {
  [ ! -f /etc/kubernetes/admin.conf ] && [ ! -f /etc/kubernetes/kubelet.conf ] \
    && [ -z "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] && [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ]
}
init_check() {
  if is_clean; then drift "none here yet"; fi
  if ! was_made; then drift "kubeadm init was interrupted"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said=""
  until api_answers; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      crictl ps -a 2>&1 | head -20
      journalctl -u kubelet -n 20 --no-pager -o cat
      fail "The control plane was made on this host, but its API does not answer. Nothing was changed."
    fi
    [ -n "$said" ] || { said=1; waiting "the API server to answer"; }
    sleep 1
  done
  # kubeadm adds these last, in this order; what is there says how far it came.
  local missing
  # shellcheck disable=SC2086 # words
  missing=$(kubectl --request-timeout=20s -n kube-system get "node/$NODE" $LAST_OBJECTS -o name 2>&1 >/dev/null || true)
  case $missing in
    '') ;;
    *NotFound*) drift "kubeadm init was interrupted: $(grep -o '".*" not found' <<<"$missing" | paste -sd' ')" ;;
    *) fail "$missing" ;;
  esac
}
# What the first control-plane container that does not run said (the others need those before it: etcd, then the API
# server); if all run or none was made, what the kubelet said. Errors before usage texts and other noise.
last_words() {
  local name log words
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    [ -z "$(crictl ps -q --name "$name" 2>/dev/null)" ] || continue
    log=$(find /var/log/pods -path "*/kube-system_$name-*.log" -size +0 -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 || true)
    [ -n "$log" ] || continue
    log=${log#* }
    echo "The container $name has ended. Its last words:"
    words=$(grep -iE 'error|fatal|panic|fail|not defined|unknown|invalid|cannot|denied' "$log" | tail -n 4 || true)
    [ -n "$words" ] || words=$(tail -n 4 "$log")
    cut -d' ' -f4- <<<"$words" | cut -c1-300
    return 0
  done
  journalctl -u kubelet -n 50 --no-pager -o cat | grep -v -e reflector -e Trace | tail -n 10 | cut -c1-300 || true
}
init_apply() {
  local ignore=$WAIVED
  if ! is_clean; then
    local name
    for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do
      ignore+=",FileAvailable--etc-kubernetes-manifests-$name.yaml"
    done
    for name in 6443 10259 10257 10250 2379 2380; do ignore+=",Port-$name"; done
    ignore+=",DirAvailable--var-lib-etcd"
  fi
  kubeadm init --config "$INIT_YAML" --skip-token-print --skip-certificate-key-print ${ignore:+--ignore-preflight-errors="${ignore#,}"} || {
    local status=$?
    last_words
    return "$status"
  }
}
init_apply
}
check_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
if [ "$(id -u)" = 0 ]; then export KUBECONFIG=/etc/kubernetes/admin.conf; fi
KUBEBOOT_END
}
file_check /etc/profile.d/kubeboot.sh 0644 root:root ''
}
diff_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
if [ "$(id -u)" = 0 ]; then export KUBECONFIG=/etc/kubernetes/admin.conf; fi
KUBEBOOT_END
}
file_diff /etc/profile.d/kubeboot.sh 0644 root:root ''
}
apply_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
if [ "$(id -u)" = 0 ]; then export KUBECONFIG=/etc/kubernetes/admin.conf; fi
KUBEBOOT_END
}
file_apply /etc/profile.d/kubeboot.sh 0644 root:root ''
}
check_2() {
KUBE_USER=root
# KUBE_USER is set. A kubeconfig that leads to another cluster belongs to the user and stays.
kube_home=$(getent passwd "$KUBE_USER" | cut -d: -f6)
kube_file="$kube_home/.kube/config"
authority() { awk '$1 == "certificate-authority-data:" { print $2 }' "$1"; }
is_foreign() { [ -s "$kube_file" ] && [ "$(authority "$kube_file")" != "$(authority /etc/kubernetes/admin.conf)" ]; }
kubeconfig_check() {
  [ -d "$kube_home" ] || fail "the user $KUBE_USER has no home folder"
  if is_foreign; then echo "$kube_file leads to another cluster and stays as it is"; return 0; fi
  cmp -s /etc/kubernetes/admin.conf "$kube_file" || drift "missing or older than admin.conf"
  [ "$(stat -c '%a %U' "$kube_file")" = "600 $KUBE_USER" ] || drift "mode or owner differ"
}
kubeconfig_apply() {
  local group
  group=$(id -gn "$KUBE_USER")
  install -d -m 0700 -o "$KUBE_USER" -g "$group" "$kube_home/.kube"
  install -m 0600 -o "$KUBE_USER" -g "$group" /etc/kubernetes/admin.conf "$kube_file"
}
kubeconfig_check
}
apply_2() {
KUBE_USER=root
# KUBE_USER is set. A kubeconfig that leads to another cluster belongs to the user and stays.
kube_home=$(getent passwd "$KUBE_USER" | cut -d: -f6)
kube_file="$kube_home/.kube/config"
authority() { awk '$1 == "certificate-authority-data:" { print $2 }' "$1"; }
is_foreign() { [ -s "$kube_file" ] && [ "$(authority "$kube_file")" != "$(authority /etc/kubernetes/admin.conf)" ]; }
kubeconfig_check() {
  [ -d "$kube_home" ] || fail "the user $KUBE_USER has no home folder"
  if is_foreign; then echo "$kube_file leads to another cluster and stays as it is"; return 0; fi
  cmp -s /etc/kubernetes/admin.conf "$kube_file" || drift "missing or older than admin.conf"
  [ "$(stat -c '%a %U' "$kube_file")" = "600 $KUBE_USER" ] || drift "mode or owner differ"
}
kubeconfig_apply() {
  local group
  group=$(id -gn "$KUBE_USER")
  install -d -m 0700 -o "$KUBE_USER" -g "$group" "$kube_home/.kube"
  install -m 0600 -o "$KUBE_USER" -g "$group" /etc/kubernetes/admin.conf "$kube_file"
}
kubeconfig_apply
}
check_3() {
value=$(
cat /etc/kubernetes/admin.conf
) || emit_failed
secret_output kubeconfig <<<"$value"
}
check_4() {
[ -e "$KB_DIR/join-token-made" ] || drift 'needed by w1'
}
apply_4() {
kubeadm token create --ttl 30m --description 'made by kubeboot' | secret_output join-token
: >"$KB_DIR/join-token-made"
}
main() {
kb_start
kb_step init-control-plane
kb_resource 0 'control plane on cp1' 1 0
kb_step give-admin-access
kb_resource 1 'file /etc/profile.d/kubeboot.sh' 1 1
kb_resource 2 'kubeconfig of root' 1 0
kb_step read-kubeconfig
kb_resource 3 'output kubeconfig' 0 0
kb_step make-join-token
kb_resource 4 'join token' 1 0
kb_end 'done'
}
main
