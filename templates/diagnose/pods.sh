# Pods that should be ready and are not: what their containers wait for, how they ended, and the last warnings about them.
kubectl get pods -A -o json --field-selector status.phase!=Succeeded,status.phase!=Failed >"$KB_DIR/pods.json" || exit 0
kubectl get events -A -o json --field-selector type=Warning >"$KB_DIR/events.json" || echo '{"items": []}' >"$KB_DIR/events.json"
jq -r --slurpfile events "$KB_DIR/events.json" '
  .items[] | . as $pod
  | [.status.initContainerStatuses[]?, .status.containerStatuses[]?] as $containers
  | ([$containers[] | .state.waiting | select(. != null) | .reason] - ["ContainerCreating", "PodInitializing"]) as $errors
  | select(.metadata.deletionTimestamp == null)
  | select([.status.conditions[]? | select(.type == "Ready" and .status == "True")] == [])
  | select(($errors != []) or (now - (.metadata.creationTimestamp | fromdate)) > 60)
  | [ ($containers[] | .state.waiting | select(. != null) | "\(.reason): \(.message // "")"),
      ($containers[] | .lastState.terminated | select(. != null) | "ended with \(.exitCode): \(.reason): \(.message // "")"),
      (.status.conditions[]? | select(.type == "PodScheduled" and .status == "False") | .message),
      ([$events[0].items[] | select(.involvedObject.name == $pod.metadata.name and .involvedObject.namespace == $pod.metadata.namespace)]
        | sort_by(.lastTimestamp // .eventTime) | .[-3:] | reverse[] | .message)
    ] as $why
  # The end of a message is its reason.
  | [$why[] | gsub("[\n\t]"; " ") | if length > 270 then .[0:70] + " ... " + .[-190:] else . end] as $why
  | "pod \(.metadata.namespace)/\(.metadata.name) on \(.spec.nodeName // "no node") is not ready\(reduce $why[] as $each ([]; if index([$each]) then . else . + [$each] end) | if . == [] then "" else ": " + (.[0:3] | join("; ")) end)"
' "$KB_DIR/pods.json" >"$KB_DIR/pods"
while IFS= read -r line; do found "$line"; done < <(head -n 7 "$KB_DIR/pods")
