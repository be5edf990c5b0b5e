# Which pods are not ready, on which node, and why: container states, events, last lines.
explain_pods() {
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
