# kubeboot: phase images on a control-plane, after the prelude
check_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; kubeadm config images list --config /etc/kubernetes/kubeboot/init.yaml 2>/dev/null; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
left=$(missing)
[ -z "$left" ] || drift "$(wc -l <<<"$left") to pull: $(sed 's|.*/||' <<<"$left" | paste -sd' ')"
}
diff_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; kubeadm config images list --config /etc/kubernetes/kubeboot/init.yaml 2>/dev/null; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
missing
}
apply_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; kubeadm config images list --config /etc/kubernetes/kubeboot/init.yaml 2>/dev/null; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
pull() {
  local image=$1 attempt=0 said deadline
  kb_clock
  deadline=$((NOW + KB_NETWORK_S))
  while :; do
    if said=$(crictl pull "$image" 2>&1); then echo "$image" >>"$KB_DIR/pulled"; return 0; fi
    echo "$said"
    attempt=$((attempt + 1))
    grep -qE "$KB_NETWORK_GONE" <<<"$said" || deadline=0
    kb_clock
    if [ "$attempt" -ge 3 ] && [ "$NOW" -ge "$deadline" ]; then break; fi
    sleep "$((attempt < 3 ? attempt : 3))"
  done
  echo "cannot pull $image" >&2
  return 1
}
export -f pull kb_clock
export KB_NETWORK_GONE KB_NETWORK_S KB_DIR
missing >"$KB_DIR/missing"
: >"$KB_DIR/pulled"
progress() {
  while sleep 1; do waiting "images: $(wc -l <"$KB_DIR/pulled") of $(wc -l <"$KB_DIR/missing") pulled"; done
}
progress &
watching=$!
trap 'kill "$watching"' EXIT
xargs -r -n 1 -P 3 bash -c 'pull "$1"' pull <"$KB_DIR/missing"
}
main() {
kb_start
kb_step pull-images
kb_resource 0 images 1 1
kb_end 'done'
}
main
