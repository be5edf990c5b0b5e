# kubeboot: phase network on a control-plane, after the prelude
check_0() {
condition() {
NODE=cp1 PODS='cp1 10.88.0.2
w1 10.88.1.2
' DNS=10.96.0.10 NAME=kubernetes.default.svc.cluster.local
# NODE, PODS (lines of node and pod address), DNS and NAME are set. The test runs in the network namespace of the test pod
# on this host, with the host's own tools: it needs no image but the sandbox's.
own_address() { awk -v node="$NODE" '$1 == node { print $2 }' <<<"$PODS"; }
# Pods of a host that was rebooted meanwhile have other addresses. A node may read pods by its own credential.
pods_again() {
  local now
  now=$(kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=5s -n kube-system get pods --no-headers \
    -l app.kubernetes.io/name=kubeboot-test -o custom-columns=N:.spec.nodeName,A:.status.podIP 2>/dev/null) || return 1
  if [ -z "$now" ] || [ "$now" = "$PODS" ]; then return 1; fi
  PODS=$now
}
own_namespace() {
  local path address
  address=$(own_address)
  for path in /run/netns/* /var/run/netns/*; do
    if nsenter --net="$path" ip -4 -o address 2>/dev/null | grep -qwF "inet $address"; then printf '%s' "$path"; return; fi
  done
}
find_space() {
  space=$(own_namespace)
  if [ -z "$space" ] && pods_again; then space=$(own_namespace); fi
  [ -n "$space" ] || drift "the test pod of this node ($(own_address)) has no network namespace here"
}
unreached() {
  local node address
  while read -r node address; do
    [ -n "$address" ] || continue
    [ "$node" = "$NODE" ] || nsenter --net="$space" ping -q -n -c 1 -W 2 "$address" >/dev/null 2>&1 || printf ' %s (%s)' "$node" "$address"
  done <<<"$PODS"
}
reach_pods() {
  local space left
  find_space
  left=$(unreached)
  if [ -n "$left" ] && pods_again; then left=$(unreached); fi
  [ -z "$left" ] || drift "the pod on $NODE cannot reach the pod on$left"
}
# A DNS query by hand: minimal hosts have no dig, and getent would ask the host's own resolver.
query() {
  local IFS=. label
  printf '\x4b\x42\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
  for label in $NAME; do printf "\\x$(printf '%02x' "${#label}")%s" "$label"; done
  printf '\x00\x00\x01\x00\x01'
}
ask_dns() {
  local space answer
  find_space
  query >"$KB_DIR/query"
  answer=$(nsenter --net="$space" timeout 3 bash -c 'exec 3<>"/dev/udp/$1/53"; cat "$2" >&3; dd bs=512 count=1 <&3 2>/dev/null | od -An -v -tx1 -N8' ask "$DNS" "$KB_DIR/query" || true)
  read -r -a answer <<<"$answer"
  [ "${answer[0]:-}${answer[1]:-}" = 4b42 ] || drift "the cluster DNS at $DNS does not answer a pod on $NODE"
  [ "${answer[3]: -1}" = 0 ] && [ "${answer[6]}${answer[7]}" != 0000 ] || drift "the cluster DNS at $DNS does not know $NAME"
}
reach_pods
}
explain() {
:
}
wait_for 'pods on every node from a pod on cp1' 210 0.5
}
check_1() {
condition() {
NODE=cp1 PODS='cp1 10.88.0.2
w1 10.88.1.2
' DNS=10.96.0.10 NAME=kubernetes.default.svc.cluster.local
# NODE, PODS (lines of node and pod address), DNS and NAME are set. The test runs in the network namespace of the test pod
# on this host, with the host's own tools: it needs no image but the sandbox's.
own_address() { awk -v node="$NODE" '$1 == node { print $2 }' <<<"$PODS"; }
# Pods of a host that was rebooted meanwhile have other addresses. A node may read pods by its own credential.
pods_again() {
  local now
  now=$(kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=5s -n kube-system get pods --no-headers \
    -l app.kubernetes.io/name=kubeboot-test -o custom-columns=N:.spec.nodeName,A:.status.podIP 2>/dev/null) || return 1
  if [ -z "$now" ] || [ "$now" = "$PODS" ]; then return 1; fi
  PODS=$now
}
own_namespace() {
  local path address
  address=$(own_address)
  for path in /run/netns/* /var/run/netns/*; do
    if nsenter --net="$path" ip -4 -o address 2>/dev/null | grep -qwF "inet $address"; then printf '%s' "$path"; return; fi
  done
}
find_space() {
  space=$(own_namespace)
  if [ -z "$space" ] && pods_again; then space=$(own_namespace); fi
  [ -n "$space" ] || drift "the test pod of this node ($(own_address)) has no network namespace here"
}
unreached() {
  local node address
  while read -r node address; do
    [ -n "$address" ] || continue
    [ "$node" = "$NODE" ] || nsenter --net="$space" ping -q -n -c 1 -W 2 "$address" >/dev/null 2>&1 || printf ' %s (%s)' "$node" "$address"
  done <<<"$PODS"
}
reach_pods() {
  local space left
  find_space
  left=$(unreached)
  if [ -n "$left" ] && pods_again; then left=$(unreached); fi
  [ -z "$left" ] || drift "the pod on $NODE cannot reach the pod on$left"
}
# A DNS query by hand: minimal hosts have no dig, and getent would ask the host's own resolver.
query() {
  local IFS=. label
  printf '\x4b\x42\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
  for label in $NAME; do printf "\\x$(printf '%02x' "${#label}")%s" "$label"; done
  printf '\x00\x00\x01\x00\x01'
}
ask_dns() {
  local space answer
  find_space
  query >"$KB_DIR/query"
  answer=$(nsenter --net="$space" timeout 3 bash -c 'exec 3<>"/dev/udp/$1/53"; cat "$2" >&3; dd bs=512 count=1 <&3 2>/dev/null | od -An -v -tx1 -N8' ask "$DNS" "$KB_DIR/query" || true)
  read -r -a answer <<<"$answer"
  [ "${answer[0]:-}${answer[1]:-}" = 4b42 ] || drift "the cluster DNS at $DNS does not answer a pod on $NODE"
  [ "${answer[3]: -1}" = 0 ] && [ "${answer[6]}${answer[7]}" != 0000 ] || drift "the cluster DNS at $DNS does not know $NAME"
}
ask_dns
}
explain() {
:
}
wait_for 'cluster DNS from a pod on cp1' 210 0.5
}
main() {
kb_start
kb_step check-pod-network
kb_resource 0 'pods on every node from a pod on cp1' wait 0
kb_resource 1 'cluster DNS from a pod on cp1' wait 0
kb_end 'done'
}
main
