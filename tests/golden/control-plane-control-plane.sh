# kubeboot: phase control-plane on a control-plane, after the prelude
check_0() {
NODE=cp1 INIT_YAML=/etc/kubernetes/kubeboot/init.yaml CRI_SOCKET=unix:///run/containerd/containerd.sock WAIVED='' LAST_OBJECTS='deployment/coredns daemonset/kube-proxy'
# NODE, INIT_YAML, CRI_SOCKET, WAIVED and LAST_OBJECTS are set. What is done is seen, not remembered: the kubelet's own certificate in kubelet.conf is
# the last file that kubeadm init writes, so an API that is silent behind it is a cluster to be mended, never to be made anew.
pki=/etc/kubernetes/pki
api_answers() { [ "$(kubectl --request-timeout=5s get --raw /readyz 2>/dev/null)" = ok ]; }
was_made() { [ -f /etc/kubernetes/admin.conf ] && grep -qs kubelet-client-current.pem /etc/kubernetes/kubelet.conf; }
is_clean() {
  [ ! -f /etc/kubernetes/admin.conf ] && [ ! -f /etc/kubernetes/kubelet.conf ] \
    && [ -z "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] && [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ]
}
how_far() {
  if api_answers; then
    echo "the API answers, what comes after is missing"
  elif [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
    echo "etcd has begun, the API is silent"
  elif [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ]; then
    echo "static pods are written"
  else
    echo "certificates are made"
  fi
}
# Hosts join only after kubeadm init has ended: other nodes mean that a finished control plane has lost files.
no_living_cluster() {
  local others
  api_answers || return 0
  others=$(kubectl --request-timeout=20s get nodes -o name 2>/dev/null | grep -vxF "node/$NODE" | cut -d/ -f2 | paste -sd' ' || true)
  [ -z "$others" ] || fail "This control plane runs a cluster (other nodes: $others), but its kubelet.conf is missing or not the finished one. \
kubeadm init here could destroy that cluster; nothing was changed. Mend it by hand on this host: \
kubeadm init phase kubeconfig kubelet --config $INIT_YAML && kubeadm init phase kubelet-finalize all --config $INIT_YAML && systemctl restart kubelet"
}
await_api() {
  kb_clock
  local deadline=$((NOW + KB_API_S))
  until api_answers; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      crictl ps -a 2>&1 | head -20 || true
      journalctl -u kubelet -n 20 --no-pager -o cat || true
      fail "The control plane was made on this host, but its API does not answer. Nothing was changed."
    fi
    waiting "the API server to answer"
    sleep 1
  done
}
init_check() {
  if is_clean; then drift "none here yet"; fi
  if ! was_made; then
    no_living_cluster
    drift "kubeadm init was interrupted: $(how_far)"
  fi
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
  await_api
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
# A power cut may leave files that were begun and not written. As long as etcd has no data nothing stands on them: anew.
drop_broken_files() {
  local broken file
  broken=$(
    grep -rLs --include=*.crt --include=*.key --include=sa.pub -e '^-----END ' "$pki" || true
    grep -Ls -e '^users:' /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf || true
  )
  [ -n "$broken" ] || return 0
  [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ] || fail "These files are incomplete, and etcd has data made with them: ${broken//$'\n'/ }. \
If nothing of this cluster is needed: kubeadm reset -f on this host, then run again. Else put them back from a backup."
  echo "kubeadm init was interrupted while it wrote ${broken//$'\n'/ }; making that anew"
  while read -r file; do
    case $file in
      */ca.* | */front-proxy-ca.*) rm -rf "$pki" /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf ;;
      "$pki"/*) rm -f "${file%.*}.crt" "${file%.*}.key" "${file%.*}.pub" ;;
      *) rm -f "$file" ;;
    esac
  done <<<"$broken"
}
# What is missing of a control plane that was made is added by kubeadm's own phases: never kubeadm init on a living cluster.
mend() {
  local object phase said
  systemctl is-active --quiet kubelet || systemctl start kubelet
  await_api
  for object in "node/$NODE" $LAST_OBJECTS; do
    said=$(kubectl --request-timeout=20s -n kube-system get "$object" -o name 2>&1) && continue
    case $said in *NotFound*) ;; *) fail "$said" ;; esac
    case $object in
      node/*)
        systemctl restart kubelet
        wait_for_node
        kubectl annotate --overwrite "$object" "kubeadm.alpha.kubernetes.io/cri-socket=$CRI_SOCKET"
        kubeadm init phase mark-control-plane --config "$INIT_YAML"
        ;;
      *) phase=${object#*/} && kubeadm init phase addon "$phase" --config "$INIT_YAML" ;;
    esac
  done
}
wait_for_node() {
  kb_clock
  local deadline=$((NOW + 120))
  until kubectl --request-timeout=10s get node "$NODE" -o name; do
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "The kubelet does not register the node $NODE: $(journalctl -u kubelet -n 5 --no-pager -o cat)"
    waiting "the kubelet to register the node $NODE"
    sleep 1
  done
}
init_apply() {
  if was_made; then
    mend
    return
  fi
  drop_broken_files
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
NODE=cp1 INIT_YAML=/etc/kubernetes/kubeboot/init.yaml CRI_SOCKET=unix:///run/containerd/containerd.sock WAIVED='' LAST_OBJECTS='deployment/coredns daemonset/kube-proxy'
# NODE, INIT_YAML, CRI_SOCKET, WAIVED and LAST_OBJECTS are set. What is done is seen, not remembered: the kubelet's own certificate in kubelet.conf is
# the last file that kubeadm init writes, so an API that is silent behind it is a cluster to be mended, never to be made anew.
pki=/etc/kubernetes/pki
api_answers() { [ "$(kubectl --request-timeout=5s get --raw /readyz 2>/dev/null)" = ok ]; }
was_made() { [ -f /etc/kubernetes/admin.conf ] && grep -qs kubelet-client-current.pem /etc/kubernetes/kubelet.conf; }
is_clean() {
  [ ! -f /etc/kubernetes/admin.conf ] && [ ! -f /etc/kubernetes/kubelet.conf ] \
    && [ -z "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] && [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ]
}
how_far() {
  if api_answers; then
    echo "the API answers, what comes after is missing"
  elif [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
    echo "etcd has begun, the API is silent"
  elif [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ]; then
    echo "static pods are written"
  else
    echo "certificates are made"
  fi
}
# Hosts join only after kubeadm init has ended: other nodes mean that a finished control plane has lost files.
no_living_cluster() {
  local others
  api_answers || return 0
  others=$(kubectl --request-timeout=20s get nodes -o name 2>/dev/null | grep -vxF "node/$NODE" | cut -d/ -f2 | paste -sd' ' || true)
  [ -z "$others" ] || fail "This control plane runs a cluster (other nodes: $others), but its kubelet.conf is missing or not the finished one. \
kubeadm init here could destroy that cluster; nothing was changed. Mend it by hand on this host: \
kubeadm init phase kubeconfig kubelet --config $INIT_YAML && kubeadm init phase kubelet-finalize all --config $INIT_YAML && systemctl restart kubelet"
}
await_api() {
  kb_clock
  local deadline=$((NOW + KB_API_S))
  until api_answers; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      crictl ps -a 2>&1 | head -20 || true
      journalctl -u kubelet -n 20 --no-pager -o cat || true
      fail "The control plane was made on this host, but its API does not answer. Nothing was changed."
    fi
    waiting "the API server to answer"
    sleep 1
  done
}
init_check() {
  if is_clean; then drift "none here yet"; fi
  if ! was_made; then
    no_living_cluster
    drift "kubeadm init was interrupted: $(how_far)"
  fi
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
  await_api
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
# A power cut may leave files that were begun and not written. As long as etcd has no data nothing stands on them: anew.
drop_broken_files() {
  local broken file
  broken=$(
    grep -rLs --include=*.crt --include=*.key --include=sa.pub -e '^-----END ' "$pki" || true
    grep -Ls -e '^users:' /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf || true
  )
  [ -n "$broken" ] || return 0
  [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ] || fail "These files are incomplete, and etcd has data made with them: ${broken//$'\n'/ }. \
If nothing of this cluster is needed: kubeadm reset -f on this host, then run again. Else put them back from a backup."
  echo "kubeadm init was interrupted while it wrote ${broken//$'\n'/ }; making that anew"
  while read -r file; do
    case $file in
      */ca.* | */front-proxy-ca.*) rm -rf "$pki" /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf ;;
      "$pki"/*) rm -f "${file%.*}.crt" "${file%.*}.key" "${file%.*}.pub" ;;
      *) rm -f "$file" ;;
    esac
  done <<<"$broken"
}
# What is missing of a control plane that was made is added by kubeadm's own phases: never kubeadm init on a living cluster.
mend() {
  local object phase said
  systemctl is-active --quiet kubelet || systemctl start kubelet
  await_api
  for object in "node/$NODE" $LAST_OBJECTS; do
    said=$(kubectl --request-timeout=20s -n kube-system get "$object" -o name 2>&1) && continue
    case $said in *NotFound*) ;; *) fail "$said" ;; esac
    case $object in
      node/*)
        systemctl restart kubelet
        wait_for_node
        kubectl annotate --overwrite "$object" "kubeadm.alpha.kubernetes.io/cri-socket=$CRI_SOCKET"
        kubeadm init phase mark-control-plane --config "$INIT_YAML"
        ;;
      *) phase=${object#*/} && kubeadm init phase addon "$phase" --config "$INIT_YAML" ;;
    esac
  done
}
wait_for_node() {
  kb_clock
  local deadline=$((NOW + 120))
  until kubectl --request-timeout=10s get node "$NODE" -o name; do
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "The kubelet does not register the node $NODE: $(journalctl -u kubelet -n 5 --no-pager -o cat)"
    waiting "the kubelet to register the node $NODE"
    sleep 1
  done
}
init_apply() {
  if was_made; then
    mend
    return
  fi
  drop_broken_files
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
HOSTS='w1 192.168.10.21 worker'
# HOSTS are set: lines of name, address, and control-plane or worker, of hosts that are not joined by their own account. What the
# cluster still has of them is from a former life: their disks were replaced, or kubeadm reset ran there. kubeadm would stop at
# a Node that is Ready, and etcd at a member that never comes back.
etcd_call() {
  curl -sS --max-time 10 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt \
    --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"
}
members_of() {
  etcd_call --fail https://127.0.0.1:2379/v3/cluster/member/list -d '{}' \
    | jq -r --arg url "https://$1:2380" '.members[] | select(.peerURLs | index($url)) | .ID'
}
renewed() { kubectl --request-timeout=20s -n kube-node-lease get lease "$1" --ignore-not-found -o jsonpath='{.spec.renewTime}'; }
lost_check() {
  [ -f /etc/kubernetes/admin.conf ] || return 0
  local name address role found left="" nodes members
  nodes=$(kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,A:'.status.addresses[?(@.type=="InternalIP")].address')
  while read -r name address role; do
    if [ -e "$KB_DIR/alive-$name" ]; then continue; fi
    found=$(awk -v name="$name" '$1 == name { print $2 }' <<<"$nodes")
    case $found in
      '' | "$address" | '<none>') ;;
      *) fail "The cluster has a node $name at $found, but the inventory's $name is at $address and not joined. \
Give the host another name; or, if that node is gone for good: kubectl delete node $name" ;;
    esac
    [ -z "$found" ] || left+=", node $name"
    if [ "$role" = control-plane ]; then
      members=$(members_of "$address")
      [ -z "$members" ] || left+=", etcd member $name"
    fi
  done <<<"$HOSTS"
  [ -z "$left" ] || drift "left from before: ${left#, }"
}
# A kubelet renews its lease every 10 s.
is_alive() {
  kb_clock
  local first began=$NOW
  if etcd_call "https://$2:2379/health" >/dev/null 2>&1; then return 0; fi
  first=$(renewed "$1")
  [ -n "$first" ] || return 1
  while [ "$((NOW - began))" -lt 40 ] && [ "$(date +%s)" -lt "$(($(date -d "$first" +%s) + 90))" ]; do
    waiting "a sign of life of the node $1"
    sleep 1
    if [ "$(renewed "$1")" != "$first" ]; then return 0; fi
    kb_clock
  done
  return 1
}
lost_apply() {
  local name address role member
  while read -r name address role; do
    if is_alive "$name" "$address"; then
      echo "$name is alive: it has joined by itself meanwhile"
      : >"$KB_DIR/alive-$name"
      continue
    fi
    if [ "$role" = control-plane ]; then
      for member in $(members_of "$address"); do
        echo "removing the etcd member of $name"
        etcd_call --fail https://127.0.0.1:2379/v3/cluster/member/remove -d "{\"ID\": \"$member\"}" >/dev/null
      done
    fi
    kubectl --request-timeout=60s delete node "$name" --ignore-not-found
  done <<<"$HOSTS"
}
lost_check
}
apply_4() {
HOSTS='w1 192.168.10.21 worker'
# HOSTS are set: lines of name, address, and control-plane or worker, of hosts that are not joined by their own account. What the
# cluster still has of them is from a former life: their disks were replaced, or kubeadm reset ran there. kubeadm would stop at
# a Node that is Ready, and etcd at a member that never comes back.
etcd_call() {
  curl -sS --max-time 10 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt \
    --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"
}
members_of() {
  etcd_call --fail https://127.0.0.1:2379/v3/cluster/member/list -d '{}' \
    | jq -r --arg url "https://$1:2380" '.members[] | select(.peerURLs | index($url)) | .ID'
}
renewed() { kubectl --request-timeout=20s -n kube-node-lease get lease "$1" --ignore-not-found -o jsonpath='{.spec.renewTime}'; }
lost_check() {
  [ -f /etc/kubernetes/admin.conf ] || return 0
  local name address role found left="" nodes members
  nodes=$(kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,A:'.status.addresses[?(@.type=="InternalIP")].address')
  while read -r name address role; do
    if [ -e "$KB_DIR/alive-$name" ]; then continue; fi
    found=$(awk -v name="$name" '$1 == name { print $2 }' <<<"$nodes")
    case $found in
      '' | "$address" | '<none>') ;;
      *) fail "The cluster has a node $name at $found, but the inventory's $name is at $address and not joined. \
Give the host another name; or, if that node is gone for good: kubectl delete node $name" ;;
    esac
    [ -z "$found" ] || left+=", node $name"
    if [ "$role" = control-plane ]; then
      members=$(members_of "$address")
      [ -z "$members" ] || left+=", etcd member $name"
    fi
  done <<<"$HOSTS"
  [ -z "$left" ] || drift "left from before: ${left#, }"
}
# A kubelet renews its lease every 10 s.
is_alive() {
  kb_clock
  local first began=$NOW
  if etcd_call "https://$2:2379/health" >/dev/null 2>&1; then return 0; fi
  first=$(renewed "$1")
  [ -n "$first" ] || return 1
  while [ "$((NOW - began))" -lt 40 ] && [ "$(date +%s)" -lt "$(($(date -d "$first" +%s) + 90))" ]; do
    waiting "a sign of life of the node $1"
    sleep 1
    if [ "$(renewed "$1")" != "$first" ]; then return 0; fi
    kb_clock
  done
  return 1
}
lost_apply() {
  local name address role member
  while read -r name address role; do
    if is_alive "$name" "$address"; then
      echo "$name is alive: it has joined by itself meanwhile"
      : >"$KB_DIR/alive-$name"
      continue
    fi
    if [ "$role" = control-plane ]; then
      for member in $(members_of "$address"); do
        echo "removing the etcd member of $name"
        etcd_call --fail https://127.0.0.1:2379/v3/cluster/member/remove -d "{\"ID\": \"$member\"}" >/dev/null
      done
    fi
    kubectl --request-timeout=60s delete node "$name" --ignore-not-found
  done <<<"$HOSTS"
}
lost_apply
}
check_5() {
[ -e "$KB_DIR/join-token-made" ] || drift 'needed by w1'
}
apply_5() {
# Only what kubeboot made: tokens by their description, the shared certificates by their label, and the token that kubeadm makes
# as their owner, to end their life.
our_material() {
  kubectl --request-timeout=20s -n kube-system get secrets --no-headers \
    -o custom-columns='T:.type,N:.metadata.name,D:.data.description,L:.metadata.labels.app\.kubernetes\.io/managed-by,O:.metadata.ownerReferences[0].name' \
    | awk -v ours="$(printf 'made by kubeboot' | base64)" '
      $1 == "bootstrap.kubernetes.io/token" && $3 == ours { print $2 }
      $2 == "kubeadm-certs" && $4 == "kubeboot" { print $2; if ($5 != "<none>") print $5 }'
}
material_check() {
  local left
  left=$(our_material | wc -l)
  [ "$left" = 0 ] || drift "$left are left"
}
material_apply() { our_material | xargs -r kubectl --request-timeout=20s -n kube-system delete secret --ignore-not-found; }
material_apply
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
kb_step forget-lost-hosts
kb_resource 4 'former lives of joining hosts' 1 0
kb_step make-join-token
kb_resource 5 'join token' 1 0
kb_end 'done'
}
main
