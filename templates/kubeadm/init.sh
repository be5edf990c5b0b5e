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
