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
