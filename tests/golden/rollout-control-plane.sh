# kubeboot: phase rollout on a control-plane, after the prelude
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
material_check
}
apply_1() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
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
}
check_2() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
has=$(kubectl get nodes -l disk=ssd --field-selector metadata.name=w1 -o name)
[ -n "$has" ] || drift disk=ssd
}
apply_2() {
kubectl label node w1 --overwrite disk=ssd
}
check_3() {
condition() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
left=$(kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,R:'.status.conditions[?(@.type=="Ready")].status' | awk -v away='  ' '$2 != "True" && !index(away, " " $1 " ") { print $1 }' | paste -sd' ')
[ -z "$left" ] || drift "nodes to become Ready: $left"
}
explain() {
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
explain_pods kube-system
}
wait_for 'every node Ready' 420 0.5
}
check_4() {
condition() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
AWAY=''
wanted() {
cat <<'KUBEBOOT_END'
deployment kube-system coredns
daemonset kube-system kube-proxy
daemonset kube-system calico-node
KUBEBOOT_END
}
# wanted() prints lines of kind, namespace, name, AWAY are hosts that nobody waits for. One kubectl call looks at all.
workloads() {
  kubectl --request-timeout=20s get deployments,daemonsets,statefulsets,jobs -A --no-headers \
    -o custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name,G:.metadata.generation,O:.status.observedGeneration,W:.spec.replicas,R:.status.replicas,U:.status.updatedReplicas,A:.status.availableReplicas,D:.status.desiredNumberScheduled,P:.status.updatedNumberScheduled,V:.status.numberAvailable,J:.status.succeeded
}
# Pods that only the control plane's taint keeps away, and no node without it: they wait for a worker.
no_worker() {
  [ ! -e "$KB_DIR/has-worker" ] || return 1
  local tainted=node-role.kubernetes.io/control-plane
  if kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,T:'.spec.taints[*].key' | grep -qv "$tainted"; then
    : >"$KB_DIR/has-worker"
    return 1
  fi
  kubectl --request-timeout=20s get pods -A --no-headers -o custom-columns=M:'.status.conditions[?(@.reason=="Unschedulable")].message' | grep -q "$tainted"
}
nodes_away() {
  [ -z "$AWAY" ] || kubectl --request-timeout=20s get nodes -o name | sed 's|^node/||' | grep -cxF "$(tr ' ' '\n' <<<"$AWAY")" || true
}
rollout_condition() {
  local pending away
  away=$(nodes_away)
  pending=$(awk -v away="${away:-0}" '
    function number(text) { return text == "<none>" ? 0 : text + 0 }
    NR == FNR { order[++count] = $1 " " $2 " " $3; next }
    { key = tolower($1) " " $2 " " $3; seen[key] = 1
      if ($1 == "Job") { have = number($13); want = 1 }
      else if ($1 == "DaemonSet") { have = number($12) < number($11) ? number($12) : number($11); want = number($10) - away }
      else { have = number($9) < number($8) ? number($9) : number($8); want = number($6); if (number($7) > want) have = have - 1 }
      if ($1 != "Job" && number($5) < number($4)) have = -1
      left[key] = have < want ? (have < 0 ? "not seen yet" : have " of " want) : "" }
    END { for (i = 1; i <= count; i++) { key = order[i]; split(key, part, " ")
        # A job that was applied and is gone has succeeded: a failed one stays.
        if (!seen[key] && part[1] != "job") print part[1] " " part[3] " missing"
        else if (left[key] != "") print part[1] " " part[3] " " left[key] } }' <(wanted) <(workloads) | head -4 | paste -sd, - | sed 's/,/, /g')
  [ -n "$pending" ] || return 0
  if [ "$((NOW - wait_began))" -ge 10 ] && no_worker; then
    hopeless "No node takes ordinary pods, as no worker has joined: $pending"
  fi
  drift "$pending"
}
rollout_condition
}
explain() {
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
explain_pods kube-system
}
wait_for 'cluster DNS, kube-proxy and add-ons' 420 0.5
}
check_5() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
ADDON=calico VERSION=3.27.5
NAMESPACE=kube-system DIGEST=2052138a6e1819d5d6a9180484275134535234b1cd70b566e62fed2058cb0e0c
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: v1
kind: ConfigMap
metadata: {name: calico-config, namespace: kube-system}
KUBEBOOT_END
}
# ADDON, VERSION, NAMESPACE and DIGEST are set, to apply also LATER and NEEDS; manifest() prints the objects. kubectl says "configured" for objects that do
# not change, so what counts is each object's generation (or resourceVersion where there is none and nobody else writes it).
record_name="kubeboot-addon-$ADDON"
columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.metadata.uid,G:.metadata.generation,R:.metadata.resourceVersion
objects_now() {
  local found
  found=$(manifest | kubectl --request-timeout=60s get -n "$NAMESPACE" -f - --ignore-not-found --no-headers -o custom-columns="$columns") || return 1
  awk '$1 == "Job" { next }
    $5 != "<none>" { print $1, $2, $3, $4, $5; next }
    $1 ~ /^(ConfigMap|Role|ClusterRole|RoleBinding|ClusterRoleBinding)$/ { print $1, $2, $3, $4, $6; next }
    { print $1, $2, $3, $4 }' <<<"$found" | sort
}
record_now() {
  kubectl --request-timeout=20s -n kube-system get configmap "$record_name" --ignore-not-found -o "jsonpath={.data.digest}{'\n'}{.data.objects}"
}
addon_check() {
  local record digest
  record=$(record_now)
  digest=${record%%$'\n'*}
  [ -n "$digest" ] || drift "not applied yet"
  [ "$digest" = "$DIGEST" ] || drift "the manifest is another than the one applied"
  local now changed
  # A definition that is gone takes its objects along; any other trouble is the API's, and no reason to apply anything.
  now=$(objects_now 2>"$KB_DIR/api-error") || case $(cat "$KB_DIR/api-error") in
    *"no matches for kind"*) drift "a custom resource definition is gone" ;;
    *) fail "$(cat "$KB_DIR/api-error")" ;;
  esac
  changed=$({ diff <(tail -n +2 <<<"$record") - <<<"$now" || true; } | awk '/^[<>]/ { print $2 " " $4 }' | sort -u | head -5 | paste -sd, -)
  [ -z "$changed" ] || drift "changed in the cluster since: $changed"
}
# By the API server's own dry run. An object whose kind it does not know yet is not told, and nor are the temporary files.
addon_diff() {
  local said
  mkdir -p "$KB_DIR/diff"
  said=$(manifest | TMPDIR=$KB_DIR/diff KUBECTL_EXTERNAL_DIFF="diff -u -N" kubectl --request-timeout=60s diff -n "$NAMESPACE" \
    --server-side --force-conflicts --field-manager=kubeboot -f - 2>"$KB_DIR/diff.said") || true
  rm -rf "$KB_DIR/diff"
  if [ -z "$said" ]; then echo "(what was changed is nothing that the manifest sets)"; return; fi
  sed -E '/^diff /d; s|^(---) \S*/LIVE-[0-9]+/(\S+).*|\1 \2 (now)|; s|^(\+\+\+) \S*/MERGED-[0-9]+/(\S+).*|\1 \2 (wanted)|' <<<"$said"
}
apply_objects() {
  local apply=(kubectl apply -n "$NAMESPACE" --server-side --force-conflicts --field-manager=kubeboot -f -)
  if [ -z "$LATER" ]; then
    manifest | "${apply[@]}"
    return
  fi
  manifest | "${apply[@]}" -l "${LATER/=/!=}" || return
  kb_clock
  local began=$NOW
  until [ -n "$(kubectl -n "$NAMESPACE" get "$NEEDS" --ignore-not-found -o name)" ] || [ "$NOW" -ge "$((began + 60))" ]; do
    # Where no node takes the pod that makes it, the wait for the rollout says so.
    if [ "$NOW" -ge "$((began + 10))" ] && kubectl -n "$NAMESPACE" get pods -o yaml | grep -q 'reason: Unschedulable'; then break; fi
    waiting "$NEEDS, which the add-on makes itself"
    sleep 0.5
    kb_clock
  done
  manifest | "${apply[@]}" -l "$LATER"
}
addon_apply() {
  kubectl -n kube-system delete configmap "$record_name" --ignore-not-found
  local attempt
  for attempt in 1 2 3 4 5; do
    if apply_objects >"$KB_DIR/applied" 2>&1; then
      tail -n 3 "$KB_DIR/applied"
      kubectl -n kube-system create configmap "$record_name" --from-literal=digest=pending --dry-run=client -o yaml | kubectl apply -f - >/dev/null
      record_write
      return 0
    fi
    # A custom resource can only be known a moment after its definition, and a webhook when its pod is up.
    grep -v serverside-applied "$KB_DIR/applied"
    sleep "$attempt"
  done
  return 1
}
record_write() {
  kubectl -n kube-system create configmap "$record_name" --from-literal=digest="$DIGEST" --from-literal=version="$VERSION" \
    --from-literal=objects="$(objects_now)" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f - >/dev/null
}
record_check() { addon_check; }
record_apply() { record_write; }
record_check
}
apply_5() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
ADDON=calico VERSION=3.27.5
NAMESPACE=kube-system DIGEST=2052138a6e1819d5d6a9180484275134535234b1cd70b566e62fed2058cb0e0c
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: v1
kind: ConfigMap
metadata: {name: calico-config, namespace: kube-system}
KUBEBOOT_END
}
# ADDON, VERSION, NAMESPACE and DIGEST are set, to apply also LATER and NEEDS; manifest() prints the objects. kubectl says "configured" for objects that do
# not change, so what counts is each object's generation (or resourceVersion where there is none and nobody else writes it).
record_name="kubeboot-addon-$ADDON"
columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.metadata.uid,G:.metadata.generation,R:.metadata.resourceVersion
objects_now() {
  local found
  found=$(manifest | kubectl --request-timeout=60s get -n "$NAMESPACE" -f - --ignore-not-found --no-headers -o custom-columns="$columns") || return 1
  awk '$1 == "Job" { next }
    $5 != "<none>" { print $1, $2, $3, $4, $5; next }
    $1 ~ /^(ConfigMap|Role|ClusterRole|RoleBinding|ClusterRoleBinding)$/ { print $1, $2, $3, $4, $6; next }
    { print $1, $2, $3, $4 }' <<<"$found" | sort
}
record_now() {
  kubectl --request-timeout=20s -n kube-system get configmap "$record_name" --ignore-not-found -o "jsonpath={.data.digest}{'\n'}{.data.objects}"
}
addon_check() {
  local record digest
  record=$(record_now)
  digest=${record%%$'\n'*}
  [ -n "$digest" ] || drift "not applied yet"
  [ "$digest" = "$DIGEST" ] || drift "the manifest is another than the one applied"
  local now changed
  # A definition that is gone takes its objects along; any other trouble is the API's, and no reason to apply anything.
  now=$(objects_now 2>"$KB_DIR/api-error") || case $(cat "$KB_DIR/api-error") in
    *"no matches for kind"*) drift "a custom resource definition is gone" ;;
    *) fail "$(cat "$KB_DIR/api-error")" ;;
  esac
  changed=$({ diff <(tail -n +2 <<<"$record") - <<<"$now" || true; } | awk '/^[<>]/ { print $2 " " $4 }' | sort -u | head -5 | paste -sd, -)
  [ -z "$changed" ] || drift "changed in the cluster since: $changed"
}
# By the API server's own dry run. An object whose kind it does not know yet is not told, and nor are the temporary files.
addon_diff() {
  local said
  mkdir -p "$KB_DIR/diff"
  said=$(manifest | TMPDIR=$KB_DIR/diff KUBECTL_EXTERNAL_DIFF="diff -u -N" kubectl --request-timeout=60s diff -n "$NAMESPACE" \
    --server-side --force-conflicts --field-manager=kubeboot -f - 2>"$KB_DIR/diff.said") || true
  rm -rf "$KB_DIR/diff"
  if [ -z "$said" ]; then echo "(what was changed is nothing that the manifest sets)"; return; fi
  sed -E '/^diff /d; s|^(---) \S*/LIVE-[0-9]+/(\S+).*|\1 \2 (now)|; s|^(\+\+\+) \S*/MERGED-[0-9]+/(\S+).*|\1 \2 (wanted)|' <<<"$said"
}
apply_objects() {
  local apply=(kubectl apply -n "$NAMESPACE" --server-side --force-conflicts --field-manager=kubeboot -f -)
  if [ -z "$LATER" ]; then
    manifest | "${apply[@]}"
    return
  fi
  manifest | "${apply[@]}" -l "${LATER/=/!=}" || return
  kb_clock
  local began=$NOW
  until [ -n "$(kubectl -n "$NAMESPACE" get "$NEEDS" --ignore-not-found -o name)" ] || [ "$NOW" -ge "$((began + 60))" ]; do
    # Where no node takes the pod that makes it, the wait for the rollout says so.
    if [ "$NOW" -ge "$((began + 10))" ] && kubectl -n "$NAMESPACE" get pods -o yaml | grep -q 'reason: Unschedulable'; then break; fi
    waiting "$NEEDS, which the add-on makes itself"
    sleep 0.5
    kb_clock
  done
  manifest | "${apply[@]}" -l "$LATER"
}
addon_apply() {
  kubectl -n kube-system delete configmap "$record_name" --ignore-not-found
  local attempt
  for attempt in 1 2 3 4 5; do
    if apply_objects >"$KB_DIR/applied" 2>&1; then
      tail -n 3 "$KB_DIR/applied"
      kubectl -n kube-system create configmap "$record_name" --from-literal=digest=pending --dry-run=client -o yaml | kubectl apply -f - >/dev/null
      record_write
      return 0
    fi
    # A custom resource can only be known a moment after its definition, and a webhook when its pod is up.
    grep -v serverside-applied "$KB_DIR/applied"
    sleep "$attempt"
  done
  return 1
}
record_write() {
  kubectl -n kube-system create configmap "$record_name" --from-literal=digest="$DIGEST" --from-literal=version="$VERSION" \
    --from-literal=objects="$(objects_now)" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f - >/dev/null
}
record_check() { addon_check; }
record_apply() { record_write; }
record_apply
}
check_6() {
condition() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
left=$(kubectl --request-timeout=20s -n kube-system get pods --no-headers -l app.kubernetes.io/name!=kubeboot-test --field-selector status.phase!=Succeeded,status.phase!=Failed -o custom-columns=N:.metadata.name,R:'.status.conditions[?(@.type=="Ready")].status',H:.spec.nodeName | awk -v away='  ' '$2 != "True" && !index(away, " " $3 " ") { print $1 }' | head -4 | paste -sd' ')
[ -z "$left" ] || drift "pods to become ready: $left"
}
explain() {
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
explain_pods kube-system
}
wait_for 'every system pod running' 420 0.5
}
check_7() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: kubeboot-test
  namespace: kube-system
  labels: {app.kubernetes.io/name: kubeboot-test}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: kubeboot-test}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: kubeboot-test}
    spec:
      terminationGracePeriodSeconds: 0
      automountServiceAccountToken: false
      tolerations: [{operator: Exists}]
      containers:
      - name: pause
        image: registry.k8s.io/pause:3.9
        resources: {requests: {cpu: 1m, memory: 4Mi}}
KUBEBOOT_END
}
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
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
test_pods_check
}
apply_7() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: kubeboot-test
  namespace: kube-system
  labels: {app.kubernetes.io/name: kubeboot-test}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: kubeboot-test}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: kubeboot-test}
    spec:
      terminationGracePeriodSeconds: 0
      automountServiceAccountToken: false
      tolerations: [{operator: Exists}]
      containers:
      - name: pause
        image: registry.k8s.io/pause:3.9
        resources: {requests: {cpu: 1m, memory: 4Mi}}
KUBEBOOT_END
}
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
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
test_pods_apply
}
check_8() {
value=$(
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: kubeboot-test
  namespace: kube-system
  labels: {app.kubernetes.io/name: kubeboot-test}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: kubeboot-test}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: kubeboot-test}
    spec:
      terminationGracePeriodSeconds: 0
      automountServiceAccountToken: false
      tolerations: [{operator: Exists}]
      containers:
      - name: pause
        image: registry.k8s.io/pause:3.9
        resources: {requests: {cpu: 1m, memory: 4Mi}}
KUBEBOOT_END
}
# Which pods are not ready, on which node, and why: pressure on the node, container states, events, last lines.
nodes_under_pressure() {
  kubectl --request-timeout=20s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}' \
    | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /Pressure$/) print "Node " $1 " has " $i ": it takes no new pods and evicts those it has" }'
}
explain_pods() {
  nodes_under_pressure
  local namespace name node rest
  kubectl get nodes -o wide --no-headers 2>&1 | head -20
  for namespace in "$@"; do
    # shellcheck disable=SC2034 # the rest of the line
    kubectl -n "$namespace" get pods --no-headers -o custom-columns=N:.metadata.name,W:.spec.nodeName,P:.status.phase,R:'.status.containerStatuses[*].ready' \
      | awk '$3 != "Succeeded" && ($3 != "Running" || $4 ~ /false/)' | head -4 | while read -r name node rest; do
        printf '\nPod %s/%s on node %s is not ready:\n' "$namespace" "$name" "$node"
        kubectl -n "$namespace" get pod "$name" -o jsonpath='{range .status.initContainerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.containerStatuses[*]}{.name}: {.state}{"\n"}{end}{range .status.conditions[?(@.status=="False")]}{.type}: {.message}{"\n"}{end}' | head -8
        kubectl -n "$namespace" get events --field-selector "involvedObject.name=$name" --sort-by=.lastTimestamp --no-headers -o custom-columns=R:.reason,M:.message | tail -4
        kubectl -n "$namespace" logs "$name" --all-containers --tail=3 2>/dev/null | tail -6
      done
  done
}
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
test_pods_list
) || emit_failed
output test-pods <<<"$value"
}
check_9() {
value=$(
kubectl get nodes --no-headers -o custom-columns='NAME:.metadata.name,VERSION:.status.nodeInfo.kubeletVersion,ADDRESS:.status.addresses[0].address,RUNTIME:.status.nodeInfo.containerRuntimeVersion'
) || emit_failed
output nodes <<<"$value"
}
main() {
kb_start
kb_step wait-for-api
kb_resource 0 'the API server to answer' wait 0
kb_step delete-join-material
kb_resource 1 'join tokens' 1 0
kb_step label-nodes
kb_resource 2 'labels of w1' 1 0
kb_step wait-for-nodes
kb_resource 3 'every node Ready' wait 0
kb_step wait-for-addons
kb_resource 4 'cluster DNS, kube-proxy and add-ons' wait 0
kb_resource 5 'record of add-on calico' 1 0
kb_step wait-for-system-pods
kb_resource 6 'every system pod running' wait 0
kb_step start-test-pods
kb_resource 7 'test pods' 1 0
kb_resource 8 'output test-pods' 0 0
kb_step list-nodes
kb_resource 9 'output nodes' 0 0
kb_end 'done'
}
main
