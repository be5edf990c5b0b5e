# etcd of this control plane, asked with the certificate that the kubelet's probe has.
[ -e /etc/kubernetes/manifests/etcd.yaml ] || exit 0
if ! command -v jq >/dev/null || ! command -v curl >/dev/null; then exit 0; fi
etcd_call() {
  curl -sS --noproxy '*' --max-time 4 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt \
    --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@" 2>/dev/null
}
local_url=https://127.0.0.1:2379
if ! health=$(etcd_call "$local_url/health"); then
  id=$(timeout 5 crictl ps -aq --name etcd 2>/dev/null | head -n 1 || true)
  [ -z "$id" ] || timeout 5 crictl logs --tail 8 "$id" 2>&1 | cut -c1-300 || true
  found "etcd member on this host does not answer"
  exit 0
fi
case $health in *'"health":"true"'*) ;; *) found "etcd has no leader, or is not healthy: $health" ;; esac
etcd_call "$local_url/v3/maintenance/alarm" -d '{"action": "GET"}' | jq -r '.alarms[]?.alarm' 2>/dev/null | sort -u >"$KB_DIR/alarms" || true
while read -r alarm; do found "etcd has the alarm $alarm"; done <"$KB_DIR/alarms"
size=$(etcd_call "$local_url/v3/maintenance/status" -d '{}' | jq -r '.dbSize // 0' 2>/dev/null || echo 0)
if [ "$size" -gt 1700000000 ]; then found "etcd's database is nearly full: $((size / 1000000)) of 2147 MB"; fi
etcd_call "$local_url/v3/cluster/member/list" -d '{}' \
  | jq -r '.members[]? | [.ID, .name // "", (.isLearner // false | tostring), .clientURLs[0]? // ""] | join("|")' >"$KB_DIR/members" 2>/dev/null || true
while IFS='|' read -r id name learner url; do
  if [ -z "$name" ]; then
    found "etcd member $id never started"
  elif [ "$learner" = true ]; then
    found "etcd member $name is a learner"
  elif [ -n "$url" ] && ! etcd_call -o /dev/null "$url/health"; then
    found "etcd member $name does not answer at $url"
  fi
done <"$KB_DIR/members"
