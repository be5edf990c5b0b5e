# What host preparation made so, as it is now: a reboot or another program may have undone it.
if [ -e /etc/kubernetes/kubelet.conf ] || [ "$(readlink /etc/systemd/system/swap.target)" = /dev/null ]; then
  devices=$(awk 'NR > 1 { print $1 }' /proc/swaps | paste -sd' ')
  [ -z "$devices" ] || found "swap is on: $devices"
fi
if [ -f /etc/modules-load.d/kubeboot.conf ]; then
  while read -r module; do
    case $module in '' | '#'*) continue ;; esac
    module_is_there "$module" || found "$module is not loaded"
  done </etc/modules-load.d/kubeboot.conf
fi
sysctl_found() {
  if [ "$1" = net.ipv4.ip_forward ]; then found "net.ipv4.ip_forward is $3"; else found "sysctl $1 is $3, wanted $2"; fi
}
if [ -f /etc/sysctl.d/99-zz-kubeboot.conf ]; then
  content() { cat /etc/sysctl.d/99-zz-kubeboot.conf; }
  sysctls_each sysctl_found
fi
