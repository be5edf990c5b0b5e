# Answers of the API are bounded in time; where it does not answer, its own look says so.
kubectl() { timeout 10 kubectl --request-timeout=8s "$@" 2>/dev/null; }
[ -f /etc/kubernetes/admin.conf ] || exit 0
command -v jq >/dev/null || exit 0
