# The lock of a run in the cluster: Lease kube-system/kubeboot, for administrators whose inventories have no host in common.
# Set before this text: KB_RUN, KB_OWNER, KB_HOLDER (readable, ends with the run's id), KB_DEAD (a run known to be dead).
# Where the API does not answer there is no Lease: the hosts' locks stand for it.
kb_kubectl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=5s -n kube-system "$@"; }
kb_lease_read() {
  kb_kubectl get lease kubeboot --ignore-not-found \
    -o jsonpath='{.metadata.resourceVersion} {.spec.renewTime} {.metadata.annotations.kubeboot/owner} {.spec.holderIdentity}' 2>/dev/null
}
kb_lease_manifest() {
  printf '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"kubeboot","namespace":"kube-system"%s,' "${1:+,\"resourceVersion\":\"$1\"}"
  printf '"annotations":{"kubeboot/owner":"%s"}},"spec":{"holderIdentity":"%s","leaseDurationSeconds":60,"renewTime":"%s"}}\n' \
    "$KB_OWNER" "$KB_HOLDER" "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)"
}
# Tells `ours` (also where there is no API) or `held RUN OWNER SECONDS`.
kb_lease_try() {
  local said
  said=$(kb_lease_upkeep)
  printf '%s\n' "${said:-ours}"
}
kb_lease_upkeep() {
  [ -f /etc/kubernetes/admin.conf ] || return 0
  local version renewed owner holder age_s try
  for try in 1 2; do
    if kb_lease_manifest "" | kb_kubectl create -f - >/dev/null 2>&1; then return 0; fi
    version="" renewed="" owner="" holder=""
    read -r version renewed owner holder <<<"$(kb_lease_read || echo silent)"
    if [ "$version" = silent ]; then return 0; fi
    if [ -z "$version" ]; then continue; fi
    age_s=$(($(date +%s) - $(date -d "$renewed" +%s)))
    case "${holder##* }" in
      "$KB_RUN" | "$KB_DEAD") ;;
      *) if [ "$age_s" -le 60 ]; then printf 'held\t%s\t%s\t%s\t\n' "${holder##* }" "$owner" "$age_s"; return 0; fi ;;
    esac
    if kb_lease_manifest "$version" | kb_kubectl replace -f - >/dev/null 2>&1; then return 0; fi
  done
}
kb_lease_release() {
  [ -f /etc/kubernetes/admin.conf ] || return 0
  local holder
  holder=$(kb_kubectl get lease kubeboot --ignore-not-found -o jsonpath='{.spec.holderIdentity}' 2>/dev/null) || return 0
  [ "${holder##* }" != "$KB_RUN" ] || kb_kubectl delete lease kubeboot --wait=false >/dev/null 2>&1 || true
}
