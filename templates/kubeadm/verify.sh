# What `kubeboot verify` looks at beyond the steps of init. Every function is a check; differs_by LINES is its verdict.
API="kubectl --request-timeout=20s"
differs_by() {
  [ -n "$1" ] || return 0
  drift "$(head -3 <<<"$1" | paste -sd';' | sed 's/;/; /g')$([ "$(wc -l <<<"$1")" -le 3 ] || echo ' and more')"
}

# nodes_differ, with wanted() printing NAME ROLE VERSION ADDRESS: a line per difference.
nodes_differ() {
  local found
  found=$($API get nodes --no-headers -o custom-columns='N:.metadata.name,V:.status.nodeInfo.kubeletVersion,A:.status.addresses[?(@.type=="InternalIP")].address,U:.spec.unschedulable,L:.metadata.labels') || return
  awk '
    NR == FNR { role[$1] = $2; version[$1] = $3; address[$1] = $4; order[++count] = $1; next }
    { seen[$1] = 1 }
    !($1 in role) { print $1 " is a node and not in the inventory"; next }
    $2 != version[$1] { print $1 " runs " $2 ", wanted " version[$1] }
    $3 != address[$1] { print $1 " has the address " $3 ", wanted " address[$1] }
    $4 == "true" { print $1 " is cordoned" }
    { is_plane = index($0, "node-role.kubernetes.io/control-plane:") > 0 }
    is_plane != (role[$1] == "control-plane") { print $1 " is " (is_plane ? "" : "not ") "a control plane by its label" }
    END { for (i = 1; i <= count; i++) if (!seen[order[i]]) print order[i] " is no node of the cluster" }
  ' <(wanted) <(printf '%s\n' "$found")
}

# settings_differ, with wanted() printing KEY VALUE: what kubeadm keeps in the cluster, and kube-proxy's mode.
settings_differ() {
  local now key value is
  now=$($API -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}') || return
  now+=$'\n'$($API -n kube-system get configmap kube-proxy --ignore-not-found -o 'jsonpath={.data.config\.conf}') || return
  while read -r key value; do
    is=$(awk -v key="$key:" '$1 == key { gsub(/"/, "", $2); print $2; exit }' <<<"$now")
    [ "$is" = "$value" ] || printf '%s is %s, wanted %s\n' "$key" "${is:-not set}" "$value"
  done < <(wanted)
}

# etcd_differs, with wanted() printing the control planes' names.
etcd_differs() {
  local pod said
  pod=$($API -n kube-system get pods -l component=etcd --field-selector status.phase=Running -o name | head -1) || return
  if [ -z "$pod" ]; then echo "no etcd runs as a static pod"; return; fi
  said=$($API -n kube-system exec "$pod" -- etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt \
    --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key member list 2>&1) || { printf '%s\n' "$said" | tail -1; return; }
  diff <(wanted | sort) <(awk -F', ' '/^[0-9a-f]+, / { print ($3 == "" ? "a member that never started" : $3) }' <<<"$said" | sort) |
    awk '/^</ { print substr($0, 3) " is no member of etcd" } /^>/ { print substr($0, 3) " is a member of etcd and no control plane of the inventory" }'
}

# static_pods_differ VERSION: images of the control plane's own manifests.
static_pods_differ() {
  local name image
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    if [ ! -f "/etc/kubernetes/manifests/$name.yaml" ]; then echo "$name has no manifest"; continue; fi
    image=$(awk '$1 == "image:" { print $2; exit }' "/etc/kubernetes/manifests/$name.yaml")
    [ "${image##*:}" = "v$1" ] || echo "$name is ${image##*:}, wanted v$1"
  done
}
