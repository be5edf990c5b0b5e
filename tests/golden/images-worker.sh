# kubeboot: phase images on a worker, after the prelude
check_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; :; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
left=$(missing)
[ -z "$left" ] || drift "$(wc -l <<<"$left") to pull: $(sed 's|.*/||' <<<"$left" | paste -sd' ')"
}
diff_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; :; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
missing
}
apply_0() {
wanted() { { printf '%s\n' registry.k8s.io/pause:3.9 registry.k8s.io/kube-proxy:v1.29.15 docker.io/calico/node:v3.27.5; :; } | sort -u; }
missing() { comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }
pull() {
  local image=$1 attempt
  for attempt in 1 2 3; do
    if crictl pull "$image"; then return 0; fi
    sleep "$attempt"
  done
  echo "cannot pull $image" >&2
  return 1
}
export -f pull
missing | xargs -r -n 1 -P 3 bash -c 'pull "$1"' pull
}
main() {
kb_lock
kb_record S pull-images
kb_resource 0 images 1 1
kb_end 'done'
}
main
