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
