# kubeboot: phase join on a worker, after the prelude
check_0() {
NODE=w1 ENDPOINT=192.168.10.11:6443 CRI_SOCKET=unix:///run/containerd/containerd.sock
# NODE, ENDPOINT and CRI_SOCKET are set; on a control plane go_on_config() prints a join configuration without a token. A join is
# judged by its Node, not by kubeadm's exit code: on slow hosts kubeadm gives up while the kubelet goes on. The kubelet's own
# kubeconfig may read its own Node, so no other credential is needed. The order of kubeadm join: certificates and static pods of
# a control plane; the kubelet with kubelet.conf, its Node, its annotation; a control plane's etcd member and label.
kubelet_conf=/etc/kubernetes/kubelet.conf
bootstrap_conf=/etc/kubernetes/bootstrap-kubelet.conf
own_node() {
  kubectl --kubeconfig "$kubelet_conf" --request-timeout=10s get node "$NODE" -o 'jsonpath={.metadata.annotations}{.metadata.labels}' 2>&1
}
join_check() {
  if [ ! -f "$kubelet_conf" ]; then
    [ ! -d /var/lib/etcd/member ] || fail "This host has etcd's data and no kubelet.conf. No interrupted join leaves that, so nothing was changed. \
If its cluster has other control planes, and nothing here is needed: kubeadm reset -f on this host, then run again."
    if [ -e "$bootstrap_conf" ] || [ -e /etc/kubernetes/admin.conf ]; then drift "kubeadm join was interrupted"; fi
    drift "not joined yet"
  fi
  # Holds a token, and kubeadm deletes it in any case.
  if [ -e "$bootstrap_conf" ]; then drift "kubeadm join was interrupted"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said="" answer
  until answer=$(own_node); do
    case $answer in *NotFound*) drift "the cluster has no node $NODE" ;; esac
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "$ENDPOINT does not answer this kubelet: $answer. If it never will, because its cluster or its \
certificate is gone: kubeadm reset -f on this host, then run again."
    [ -n "$said" ] || { said=1; waiting "the API at $ENDPOINT to answer"; }
    sleep 1
  done
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
  case $answer in *kubeadm.alpha.kubernetes.io/cri-socket*) ;; *) drift "kubeadm join was interrupted: the node is not annotated" ;; esac
  if declare -F go_on_config >/dev/null; then
    case $answer in *node-role.kubernetes.io/control-plane*) ;; *) drift "kubeadm join was interrupted before the node was a control plane" ;; esac
  fi
}
# kubeadm looks for the token's signature every 5 s only, and the controller manager of a new cluster needs some 10 s to make it.
# This asks more often; whether the answer is genuine is kubeadm's to judge.
wait_for_signature() {
  kb_clock
  local id=$1 deadline=$((NOW + 60))
  until curl -sk --max-time 5 "https://$ENDPOINT/api/v1/namespaces/kube-public/configmaps/cluster-info" | grep -q "jws-kubeconfig-$id"; do
    kb_clock
    [ "$NOW" -lt "$deadline" ] || return 0
    waiting "the control plane to sign the join token"
    sleep 0.3
  done
}
# The kubelet has its kubeconfig: what is left of the join is done without a token.
go_on() {
  rm -f "$bootstrap_conf"
  systemctl start kubelet
  kb_clock
  local began=$NOW answer restarted=""
  until answer=$(own_node); do
    kb_clock
    [ "$((NOW - began))" -lt 120 ] || fail "The kubelet does not bring its node $NODE to the cluster: $answer. \
To join it anew: kubeadm reset -f on this host, then run again."
    # A kubelet registers its node when it starts, and never again.
    if [ -z "$restarted" ] && [ "$((NOW - began))" -ge 20 ] && [[ $answer == *NotFound* ]]; then
      systemctl restart kubelet
      restarted=1
    fi
    waiting "the kubelet to register the node $NODE"
    sleep 0.5
  done
  case $answer in
    *kubeadm.alpha.kubernetes.io/cri-socket*) ;;
    *) kubectl --kubeconfig "$kubelet_conf" --request-timeout=20s annotate node "$NODE" "kubeadm.alpha.kubernetes.io/cri-socket=$CRI_SOCKET" ;;
  esac
  declare -F go_on_config >/dev/null || return 0
  case $answer in *node-role.kubernetes.io/control-plane*) return 0 ;; esac
  go_on_config >"$KB_DIR/go-on.yaml"
  kubeadm join phase control-plane-join all --config "$KB_DIR/go-on.yaml"
}
join_apply() {
  if [ -f "$kubelet_conf" ]; then
    go_on
    return
  fi
  local config
  config=$(secret join.yaml)
  [ -f "$config" ] || fail "no join token was made for this host; run again"
  if [ -e "$bootstrap_conf" ] || [ -e /etc/kubernetes/admin.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    systemctl stop kubelet
    # It may have got its certificate at this very moment.
    if [ -f "$kubelet_conf" ]; then
      go_on
      return
    fi
    echo "kubeadm join was interrupted before; clearing what it left"
    rm -rf /etc/kubernetes/{bootstrap-kubelet,admin,controller-manager,scheduler}.conf /etc/kubernetes/pki \
      /etc/kubernetes/manifests/{kube-apiserver,kube-controller-manager,kube-scheduler}.yaml /var/lib/kubelet/pki/kubelet-client-*
  fi
  wait_for_signature "$(sed -n 's/^ *token: "\([a-z0-9]*\)\..*/\1/p' "$config")"
  local status=0
  kubeadm join --config "$config" || status=$?
  if [ "$status" != 0 ] && [ ! -f "$kubelet_conf" ]; then
    journalctl -u kubelet -n 10 --no-pager -o cat || true
    return "$status"
  fi
  [ "$status" = 0 ] || go_on
}
join_check
}
apply_0() {
NODE=w1 ENDPOINT=192.168.10.11:6443 CRI_SOCKET=unix:///run/containerd/containerd.sock
# NODE, ENDPOINT and CRI_SOCKET are set; on a control plane go_on_config() prints a join configuration without a token. A join is
# judged by its Node, not by kubeadm's exit code: on slow hosts kubeadm gives up while the kubelet goes on. The kubelet's own
# kubeconfig may read its own Node, so no other credential is needed. The order of kubeadm join: certificates and static pods of
# a control plane; the kubelet with kubelet.conf, its Node, its annotation; a control plane's etcd member and label.
kubelet_conf=/etc/kubernetes/kubelet.conf
bootstrap_conf=/etc/kubernetes/bootstrap-kubelet.conf
own_node() {
  kubectl --kubeconfig "$kubelet_conf" --request-timeout=10s get node "$NODE" -o 'jsonpath={.metadata.annotations}{.metadata.labels}' 2>&1
}
join_check() {
  if [ ! -f "$kubelet_conf" ]; then
    [ ! -d /var/lib/etcd/member ] || fail "This host has etcd's data and no kubelet.conf. No interrupted join leaves that, so nothing was changed. \
If its cluster has other control planes, and nothing here is needed: kubeadm reset -f on this host, then run again."
    if [ -e "$bootstrap_conf" ] || [ -e /etc/kubernetes/admin.conf ]; then drift "kubeadm join was interrupted"; fi
    drift "not joined yet"
  fi
  # Holds a token, and kubeadm deletes it in any case.
  if [ -e "$bootstrap_conf" ]; then drift "kubeadm join was interrupted"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said="" answer
  until answer=$(own_node); do
    case $answer in *NotFound*) drift "the cluster has no node $NODE" ;; esac
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "$ENDPOINT does not answer this kubelet: $answer. If it never will, because its cluster or its \
certificate is gone: kubeadm reset -f on this host, then run again."
    [ -n "$said" ] || { said=1; waiting "the API at $ENDPOINT to answer"; }
    sleep 1
  done
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
  case $answer in *kubeadm.alpha.kubernetes.io/cri-socket*) ;; *) drift "kubeadm join was interrupted: the node is not annotated" ;; esac
  if declare -F go_on_config >/dev/null; then
    case $answer in *node-role.kubernetes.io/control-plane*) ;; *) drift "kubeadm join was interrupted before the node was a control plane" ;; esac
  fi
}
# kubeadm looks for the token's signature every 5 s only, and the controller manager of a new cluster needs some 10 s to make it.
# This asks more often; whether the answer is genuine is kubeadm's to judge.
wait_for_signature() {
  kb_clock
  local id=$1 deadline=$((NOW + 60))
  until curl -sk --max-time 5 "https://$ENDPOINT/api/v1/namespaces/kube-public/configmaps/cluster-info" | grep -q "jws-kubeconfig-$id"; do
    kb_clock
    [ "$NOW" -lt "$deadline" ] || return 0
    waiting "the control plane to sign the join token"
    sleep 0.3
  done
}
# The kubelet has its kubeconfig: what is left of the join is done without a token.
go_on() {
  rm -f "$bootstrap_conf"
  systemctl start kubelet
  kb_clock
  local began=$NOW answer restarted=""
  until answer=$(own_node); do
    kb_clock
    [ "$((NOW - began))" -lt 120 ] || fail "The kubelet does not bring its node $NODE to the cluster: $answer. \
To join it anew: kubeadm reset -f on this host, then run again."
    # A kubelet registers its node when it starts, and never again.
    if [ -z "$restarted" ] && [ "$((NOW - began))" -ge 20 ] && [[ $answer == *NotFound* ]]; then
      systemctl restart kubelet
      restarted=1
    fi
    waiting "the kubelet to register the node $NODE"
    sleep 0.5
  done
  case $answer in
    *kubeadm.alpha.kubernetes.io/cri-socket*) ;;
    *) kubectl --kubeconfig "$kubelet_conf" --request-timeout=20s annotate node "$NODE" "kubeadm.alpha.kubernetes.io/cri-socket=$CRI_SOCKET" ;;
  esac
  declare -F go_on_config >/dev/null || return 0
  case $answer in *node-role.kubernetes.io/control-plane*) return 0 ;; esac
  go_on_config >"$KB_DIR/go-on.yaml"
  kubeadm join phase control-plane-join all --config "$KB_DIR/go-on.yaml"
}
join_apply() {
  if [ -f "$kubelet_conf" ]; then
    go_on
    return
  fi
  local config
  config=$(secret join.yaml)
  [ -f "$config" ] || fail "no join token was made for this host; run again"
  if [ -e "$bootstrap_conf" ] || [ -e /etc/kubernetes/admin.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    systemctl stop kubelet
    # It may have got its certificate at this very moment.
    if [ -f "$kubelet_conf" ]; then
      go_on
      return
    fi
    echo "kubeadm join was interrupted before; clearing what it left"
    rm -rf /etc/kubernetes/{bootstrap-kubelet,admin,controller-manager,scheduler}.conf /etc/kubernetes/pki \
      /etc/kubernetes/manifests/{kube-apiserver,kube-controller-manager,kube-scheduler}.yaml /var/lib/kubelet/pki/kubelet-client-*
  fi
  wait_for_signature "$(sed -n 's/^ *token: "\([a-z0-9]*\)\..*/\1/p' "$config")"
  local status=0
  kubeadm join --config "$config" || status=$?
  if [ "$status" != 0 ] && [ ! -f "$kubelet_conf" ]; then
    journalctl -u kubelet -n 10 --no-pager -o cat || true
    return "$status"
  fi
  [ "$status" = 0 ] || go_on
}
join_apply
}
main() {
kb_start
kb_step join-node
kb_resource 0 'node w1' 1 0
kb_end 'done'
}
main
