#!/bin/bash
# guard.sh FOLDER: keeps one lab host running. It lays the host's network anew, boots the host, and boots it again after
# a reboot (systemd-nspawn ends with 133). It ends when the host is powered off; a power cut ends it first.
set -u
folder=$1
# NAME MACHINE HOST_NAMESPACE HUB_NAMESPACE PORT CGROUP TREES: see host.py
# shellcheck disable=SC1091
source "$folder/guard.env"

lay_network() {
    ip -n "$HUB_NAMESPACE" link delete "$PORT" 2>/dev/null
    ip netns delete "$HOST_NAMESPACE" 2>/dev/null
    ip netns add "$HOST_NAMESPACE" &&
        ip -n "$HOST_NAMESPACE" -batch "$folder/network.host" &&
        ip -n "$HUB_NAMESPACE" -batch "$folder/network.hub"
}

boot() {
    for tree in "${TREES[@]}"; do
        find "$tree/$CGROUP" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
        echo "$BASHPID" > "$tree/$CGROUP/cgroup.procs" || exit 1
    done
    date +%s > "$folder/booted"
    # API_VFS_WRITABLE: /proc/sys and /sys can be written inside, as on a host of its own.
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1
    exec systemd-nspawn --quiet --directory="$folder/root" --boot --register=no --keep-unit \
        --machine="$MACHINE" --hostname="$NAME" --network-namespace-path="/run/netns/$HOST_NAMESPACE" \
        --capability=all --system-call-filter="add_key keyctl bpf perf_event_open" --private-users=no \
        --bind=/dev/kmsg --bind="$folder/containerd:/var/lib/containerd" --bind="$folder/kubelet:/var/lib/kubelet" \
        --bind="$folder/etcd:/var/lib/etcd" --console=read-only --resolv-conf=off --timezone=off --link-journal=no
}

# systemd lifts fs.file-max to the highest value whenever it boots. The kernel is everybody's here: what another host was
# given by then is put back, as if each had a kernel of its own.
keep_file_max() {
    local highest=9223372036854775807 kept now i
    read -r kept < /proc/sys/fs/file-max
    [ "$kept" != "$highest" ] || return
    for ((i = 0; i < 50; i++)); do
        read -r now < /proc/sys/fs/file-max
        [ "$now" != "$highest" ] || echo "$kept" > /proc/sys/fs/file-max
        sleep 0.1
    done
}

while :; do
    lay_network || exit 1
    keep_file_max &
    (boot)
    [ $? -eq 133 ] || break
done
