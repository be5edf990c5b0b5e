# One look at a cluster from a control plane, for `kubeboot status`: lines of a key and tab-separated fields. Read-only.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin KUBECONFIG=/etc/kubernetes/admin.conf
API="kubectl --request-timeout=8s"
say() { local IFS=$'\t'; printf '%s\n' "$*" | tr -d '\r'; }
fields() { awk -v key="$1" 'NF { gsub(/ +/, "\t"); print key "\t" $0 }'; }

say kubelet "$(systemctl is-active kubelet 2>/dev/null)"
if [ ! -f "$KUBECONFIG" ]; then say API "no control plane yet"; exit 0; fi
said=$(kubectl --request-timeout=8s --server "https://$ADDRESS" get --raw /readyz 2>&1) && say API ok || say API "$(tail -1 <<<"$said")"
for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt; do
  [ -f "$file" ] || continue
  end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) || continue
  say certificate "${file#/etc/kubernetes/pki/}" "$(date -d "${end#*=}" +%s)"
done
for file in admin super-admin controller-manager scheduler; do
  [ -f "/etc/kubernetes/$file.conf" ] || continue
  end=$(awk '$1 == "client-certificate-data:" { print $2; exit }' "/etc/kubernetes/$file.conf" | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) || continue
  say certificate "$file.conf" "$(date -d "${end#*=}" +%s)"
done
columns='N:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status,V:.status.nodeInfo.kubeletVersion,A:.status.addresses[?(@.type=="InternalIP")].address,C:.metadata.creationTimestamp,U:.spec.unschedulable'
nodes=$($API get nodes --no-headers -o custom-columns="$columns" 2>/dev/null) || exit 0
fields node <<<"$nodes"
$API get nodes -l node-role.kubernetes.io/control-plane --no-headers -o custom-columns=N:.metadata.name 2>/dev/null | fields plane
$API get pods -A --no-headers -o custom-columns='S:.metadata.namespace,N:.metadata.name,P:.status.phase,R:.status.conditions[?(@.type=="Ready")].status,W:.status.containerStatuses[*].state.waiting.reason' 2>/dev/null |
  awk '$3 == "Succeeded" { next } { all++ } $4 != "True" && $3 != "Failed" { print "pod\t" $1 "\t" $2 "\t" ($5 == "<none>" ? $3 : $5); } END { print "pods\t" all + 0 }'
$API -n kube-system get configmaps --no-headers -o custom-columns='N:.metadata.name,V:.data.version' 2>/dev/null | awk '$1 ~ /^kubeboot-addon-/ { sub(/^kubeboot-addon-/, "", $1); print "addon\t" $1 "\t" $2 }'
$API -n kube-system get lease kubeboot --ignore-not-found -o 'jsonpath={.spec.holderIdentity}' 2>/dev/null | awk 'NF { print "lease\t" $0 }'
pod=$($API -n kube-system get pods -l component=etcd --field-selector "status.phase=Running,spec.nodeName=$NODE" -o name 2>/dev/null | head -1)
[ -n "$pod" ] || exit 0
etcdctl() {
  $API -n kube-system exec "$pod" -- etcdctl --command-timeout=4s --dial-timeout=2s --cacert /etc/kubernetes/pki/etcd/ca.crt \
    --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@" 2>/dev/null
}
etcdctl member list | awk -F', ' '/^[0-9a-f]+, / { print "member\t" $1 "\t" ($3 == "" ? "(never started)" : $3) "\t" $5 "\t" $6 }'
etcdctl endpoint status --cluster | awk -F', ' 'NF > 4 { print "endpoint\t" $1 "\t" $2 "\t" $3 "\t" $4 "\t" $5 }'
etcdctl alarm list | awk -F: '/alarm:/ { print "alarm\t" $NF }'
exit 0
