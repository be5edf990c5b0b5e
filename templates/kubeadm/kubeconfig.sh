# KUBE_USER is set. A kubeconfig that leads to another cluster belongs to the user and stays.
kube_home=$(getent passwd "$KUBE_USER" | cut -d: -f6)
kube_file="$kube_home/.kube/config"
authority() { awk '$1 == "certificate-authority-data:" { print $2 }' "$1"; }
is_foreign() { [ -s "$kube_file" ] && [ "$(authority "$kube_file")" != "$(authority /etc/kubernetes/admin.conf)" ]; }
kubeconfig_check() {
  [ -d "$kube_home" ] || fail "the user $KUBE_USER has no home folder"
  if is_foreign; then echo "$kube_file leads to another cluster and stays as it is"; return 0; fi
  cmp -s /etc/kubernetes/admin.conf "$kube_file" || drift "missing or older than admin.conf"
  [ "$(stat -c '%a %U' "$kube_file")" = "600 $KUBE_USER" ] || drift "mode or owner differ"
}
kubeconfig_apply() {
  local group
  group=$(id -gn "$KUBE_USER")
  install -d -m 0700 -o "$KUBE_USER" -g "$group" "$kube_home/.kube"
  install -m 0600 -o "$KUBE_USER" -g "$group" /etc/kubernetes/admin.conf "$kube_file"
}
