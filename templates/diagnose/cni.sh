# containerd takes the first configuration in the order of names.
ours=10-calico.conflist
[ -d /etc/cni/net.d ] || exit 0
for path in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
  [ -e "$path" ] || continue
  name=${path##*/}
  [ "$name" != "$ours" ] || continue
  if [[ $name < $ours ]]; then
    found "$path comes before $ours"
  elif [ ! -e "/etc/cni/net.d/$ours" ] && [ -e /etc/kubernetes/kubelet.conf ]; then
    found "$path comes before $ours, which is not there"
  fi
done
