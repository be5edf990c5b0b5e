# Nodes that are not Ready, or under pressure, by their own conditions.
kubectl get nodes -o json >"$KB_DIR/nodes.json" || exit 0
jq -r '.items[] | .metadata.name as $name | .status.conditions[]?
  | if .type == "Ready" and .status != "True" then "node \($name) is not Ready: \(.reason): \(.message)"
    elif .type != "Ready" and .status == "True" then "node \($name) has \(.type): \(.message)"
    else empty end' "$KB_DIR/nodes.json" >"$KB_DIR/nodes"
while IFS= read -r line; do found "${line:0:450}"; done < <(head -n 12 "$KB_DIR/nodes")
