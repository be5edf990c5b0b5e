# Only what kubeboot made: tokens by their description, and the shared certificates.
our_tokens() {
  local name description
  kubectl --request-timeout=20s -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token \
    -o jsonpath='{range .items[*]}{.metadata.name} {.data.description}{"\n"}{end}' | while read -r name description; do
      if [ "$(base64 -d <<<"$description")" = "made by kubeboot" ]; then printf '%s\n' "$name"; fi
    done
  kubectl --request-timeout=20s -n kube-system get secret kubeadm-certs --ignore-not-found --no-headers -o custom-columns=N:.metadata.name
}
material_check() {
  local left
  left=$(our_tokens | wc -l)
  [ "$left" = 0 ] || drift "$left are left"
}
material_apply() { our_tokens | xargs -r kubectl -n kube-system delete secret; }
