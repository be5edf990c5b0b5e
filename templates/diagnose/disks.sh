# Free space and inodes where the kubelet, containerd and etcd write; each file system once.
paths=(/)
for path in /var/lib/containerd /var/lib/kubelet /var/lib/etcd /var/log; do [ ! -d "$path" ] || paths+=("$path"); done
# A mount that hangs must not hold the others up.
timeout 10 df -P -m "${paths[@]}" | awk 'NR > 1 && !seen[$6]++ { print $6, $2, $4 }' >"$KB_DIR/disks"
while read -r mount total free; do
  if [ "$free" -lt 500 ] || { [ "$free" -lt 5000 ] && [ "$((free * 20))" -lt "$total" ]; }; then
    found "$mount has only $free of $total MB free"
  fi
done <"$KB_DIR/disks"
timeout 10 df -P -i "${paths[@]}" | awk 'NR > 1 && !seen[$6]++ { print $6, $2, $4 }' >"$KB_DIR/disks"
while read -r mount total free; do
  case $total in 0 | -) continue ;; esac
  if [ "$((free * 20))" -lt "$total" ]; then found "$mount has only $free of $total inodes free"; fi
done <"$KB_DIR/disks"
