# Answers of the API are bounded in time; where it does not answer, its own look says so.
# Nowhere to cache: nothing is written to the host.
kubectl() { timeout 10 kubectl --request-timeout=8s --cache-dir=/dev/null/none "$@" 2>/dev/null; }
[ -f /etc/kubernetes/admin.conf ] && [ -e "$KB_DIR/api" ] || exit 0
command -v jq >/dev/null || exit 0
