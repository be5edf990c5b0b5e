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
