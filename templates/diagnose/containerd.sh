# SANDBOX_IMAGE is set: what kubeadm uses. containerd itself, and its configuration as it is merged.
command -v containerd >/dev/null || exit 0
state=$(systemctl show -p ActiveState --value containerd 2>/dev/null || true)
if [ "$state" != active ]; then
  found "containerd is ${state:-not there}"
elif ! timeout 10 ctr --timeout 5s version >/dev/null 2>&1; then
  found "containerd does not answer on its socket"
fi
config=$(timeout 5 containerd config dump 2>&1) || { found "containerd does not read its configuration: $(tail -n 1 <<<"$config")"; exit 0; }
disabled=$(grep -E '^disabled_plugins *=' <<<"$config" || true)
case $disabled in *cri\"* | *cri\'*) found "$disabled in /etc/containerd/config.toml" ;; esac
image=$(sed -nE "s/^ *sandbox(_image)? *= *[\"']([^\"']+)[\"'].*/\2/p" <<<"$config" | head -n 1)
if [ -n "$image" ] && [ "$image" != "$SANDBOX_IMAGE" ]; then found "containerd's sandbox image is $image, wanted $SANDBOX_IMAGE"; fi
systemd=$(sed -nE 's/^ *SystemdCgroup *= *([a-z]+).*/\1/p' <<<"$config" | head -n 1)
if [ -f /var/lib/kubelet/config.yaml ]; then
  driver=$(sed -n 's/^cgroupDriver: *//p' /var/lib/kubelet/config.yaml)
  case ${systemd:-false}/${driver:-cgroupfs} in
    true/systemd | false/cgroupfs) ;;
    *) found "SystemdCgroup is ${systemd:-false} in containerd, the kubelet's cgroupDriver is ${driver:-cgroupfs}" ;;
  esac
fi
