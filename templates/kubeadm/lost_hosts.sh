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
