# kubeboot: phase finish on a control-plane, after the prelude
check_0() {
condition() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
kubectl --request-timeout=5s get --raw /readyz >/dev/null
}
explain() {
:
}
wait_for 'the API server to answer' 120 1
}
check_1() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
manifest() { :; }
# After explain_pods.sh. manifest() prints a DaemonSet of the sandbox image, which every node has; the tests themselves run on the hosts.
nodes_now() { kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,U:.metadata.uid | sort; }
is_tested() {
  local tested
  tested=$(kubectl --request-timeout=20s -n kube-system get configmap kubeboot-tested --ignore-not-found -o jsonpath='{.data.nodes}')
  [ "$tested" = "$(nodes_now)" ]
}
pods_now() {
  kubectl --request-timeout=20s -n kube-system get pods -l app.kubernetes.io/name=kubeboot-test --no-headers \
    -o custom-columns=W:.spec.nodeName,I:.status.podIP,P:.status.phase,D:.metadata.deletionTimestamp | awk '$3 == "Running" && $4 == "<none>" { print $1, $2 }' | sort
}
test_pods_check() {
  if is_tested; then : >"$KB_DIR/is-tested"; return 0; fi
  [ "$(pods_now | awk '{ print $1 }')" = "$(nodes_now | awk '{ print $1 }')" ] || drift "these nodes were not tested yet"
}
test_pods_apply() {
  manifest | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f -
  kb_clock
  local deadline=$((NOW + 120))
  until [ "$(pods_now | awk '{ print $1 }')" = "$(nodes_now | awk '{ print $1 }')" ]; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      kubectl -n kube-system get pods -l app.kubernetes.io/name=kubeboot-test -o wide
      nodes_under_pressure
      fail "A pod of the sandbox image does not start on every node"
    fi
    waiting "a test pod on every node"
    sleep 0.4
  done
}
test_pods_list() { if [ ! -e "$KB_DIR/is-tested" ]; then pods_now; fi; }
tested_check() {
  [ -z "$(kubectl --request-timeout=20s -n kube-system get daemonset kubeboot-test --ignore-not-found -o name)" ] || drift "still there"
  is_tested || drift "not noted yet"
}
tested_apply() {
  kubectl -n kube-system delete daemonset kubeboot-test --ignore-not-found --wait=false
  kubectl -n kube-system create configmap kubeboot-tested --from-literal=nodes="$(nodes_now)" --dry-run=client -o yaml \
    | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f -
}
tested_check
}
apply_1() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
manifest() { :; }
# After explain_pods.sh. manifest() prints a DaemonSet of the sandbox image, which every node has; the tests themselves run on the hosts.
nodes_now() { kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,U:.metadata.uid | sort; }
is_tested() {
  local tested
  tested=$(kubectl --request-timeout=20s -n kube-system get configmap kubeboot-tested --ignore-not-found -o jsonpath='{.data.nodes}')
  [ "$tested" = "$(nodes_now)" ]
}
pods_now() {
  kubectl --request-timeout=20s -n kube-system get pods -l app.kubernetes.io/name=kubeboot-test --no-headers \
    -o custom-columns=W:.spec.nodeName,I:.status.podIP,P:.status.phase,D:.metadata.deletionTimestamp | awk '$3 == "Running" && $4 == "<none>" { print $1, $2 }' | sort
}
test_pods_check() {
  if is_tested; then : >"$KB_DIR/is-tested"; return 0; fi
  [ "$(pods_now | awk '{ print $1 }')" = "$(nodes_now | awk '{ print $1 }')" ] || drift "these nodes were not tested yet"
}
test_pods_apply() {
  manifest | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f -
  kb_clock
  local deadline=$((NOW + 120))
  until [ "$(pods_now | awk '{ print $1 }')" = "$(nodes_now | awk '{ print $1 }')" ]; do
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then
      kubectl -n kube-system get pods -l app.kubernetes.io/name=kubeboot-test -o wide
      nodes_under_pressure
      fail "A pod of the sandbox image does not start on every node"
    fi
    waiting "a test pod on every node"
    sleep 0.4
  done
}
test_pods_list() { if [ ! -e "$KB_DIR/is-tested" ]; then pods_now; fi; }
tested_check() {
  [ -z "$(kubectl --request-timeout=20s -n kube-system get daemonset kubeboot-test --ignore-not-found -o name)" ] || drift "still there"
  is_tested || drift "not noted yet"
}
tested_apply() {
  kubectl -n kube-system delete daemonset kubeboot-test --ignore-not-found --wait=false
  kubectl -n kube-system create configmap kubeboot-tested --from-literal=nodes="$(nodes_now)" --dry-run=client -o yaml \
    | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f -
}
tested_apply
}
main() {
kb_start
kb_step wait-for-api
kb_resource 0 'the API server to answer' wait 0
kb_step end-network-test
kb_resource 1 'test pods gone' 1 0
kb_end 'done'
}
main
