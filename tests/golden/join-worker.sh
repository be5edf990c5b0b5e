# kubeboot: phase join on a worker, after the prelude
check_0() {
NODE=w1 ENDPOINT=192.168.10.11:6443
# NODE and ENDPOINT are set. A join is judged by its Node, not by kubeadm's exit code: on slow hosts kubeadm gives up while
# the kubelet goes on. The kubelet's own kubeconfig may read its own Node, so no other credential is needed here.
own_node() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=10s get node "$NODE" -o name 2>&1
}
join_check() {
  if [ ! -f /etc/kubernetes/kubelet.conf ]; then drift "not joined yet"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said="" answer
  until answer=$(own_node); do
    case $answer in
      *NotFound*) fail "The kubelet is set up, but the cluster has no node $NODE any more. To join it anew: kubeadm reset -f on this host, then run again." ;;
    esac
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "$ENDPOINT does not answer this kubelet: $answer"
    [ -n "$said" ] || { said=1; waiting "the API at $ENDPOINT to answer"; }
    sleep 1
  done
  # shellcheck disable=SC2015 # both are about the same question
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
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
join_apply() {
  if [ -f /etc/kubernetes/kubelet.conf ]; then
    systemctl start kubelet
    return
  fi
  local config
  config=$(secret join.yaml)
  [ -f "$config" ] || fail "no join token was made for this host; run again"
  if [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    echo "kubeadm join was interrupted before; clearing what it left"
    systemctl stop kubelet
    rm -rf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/pki/ca.crt /var/lib/kubelet/pki/kubelet-client-*
  fi
  wait_for_signature "$(sed -n 's/^ *token: "\([a-z0-9]*\)\..*/\1/p' "$config")"
  local status=0
  kubeadm join --config "$config" || status=$?
  if [ "$status" != 0 ] && [ ! -f /etc/kubernetes/kubelet.conf ]; then
    journalctl -u kubelet -n 10 --no-pager -o cat || true
    return "$status"
  fi
}
join_check
}
apply_0() {
NODE=w1 ENDPOINT=192.168.10.11:6443
# NODE and ENDPOINT are set. A join is judged by its Node, not by kubeadm's exit code: on slow hosts kubeadm gives up while
# the kubelet goes on. The kubelet's own kubeconfig may read its own Node, so no other credential is needed here.
own_node() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=10s get node "$NODE" -o name 2>&1
}
join_check() {
  if [ ! -f /etc/kubernetes/kubelet.conf ]; then drift "not joined yet"; fi
  kb_clock
  local deadline=$((NOW + KB_API_S)) said="" answer
  until answer=$(own_node); do
    case $answer in
      *NotFound*) fail "The kubelet is set up, but the cluster has no node $NODE any more. To join it anew: kubeadm reset -f on this host, then run again." ;;
    esac
    kb_clock
    [ "$NOW" -lt "$deadline" ] || fail "$ENDPOINT does not answer this kubelet: $answer"
    [ -n "$said" ] || { said=1; waiting "the API at $ENDPOINT to answer"; }
    sleep 1
  done
  # shellcheck disable=SC2015 # both are about the same question
  systemctl is-active --quiet kubelet || drift "the kubelet does not run"
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
join_apply() {
  if [ -f /etc/kubernetes/kubelet.conf ]; then
    systemctl start kubelet
    return
  fi
  local config
  config=$(secret join.yaml)
  [ -f "$config" ] || fail "no join token was made for this host; run again"
  if [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    echo "kubeadm join was interrupted before; clearing what it left"
    systemctl stop kubelet
    rm -rf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/pki/ca.crt /var/lib/kubelet/pki/kubelet-client-*
  fi
  wait_for_signature "$(sed -n 's/^ *token: "\([a-z0-9]*\)\..*/\1/p' "$config")"
  local status=0
  kubeadm join --config "$config" || status=$?
  if [ "$status" != 0 ] && [ ! -f /etc/kubernetes/kubelet.conf ]; then
    journalctl -u kubelet -n 10 --no-pager -o cat || true
    return "$status"
  fi
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
