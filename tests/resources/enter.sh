# Runs in a mount namespace of its own: makes $1 the root and becomes a root bash that reads the script on stdin.
# Of the machine only /usr (read-only), /dev and /proc show; what scripts may write in /proc and /sys are files of $1.
set -eu
root=$1
mount --bind "$root" "$root"
mount --rbind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind "$root/fakes" "$root/usr/local/sbin"
mount --rbind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount --bind "$root/proc-sys" "$root/proc/sys"
mount --bind "$root/proc-swaps" "$root/proc/swaps"
hostname "$(cat "$root/proc-sys/kernel/hostname")"
mount --bind /proc/sys/kernel/hostname "$root/proc/sys/kernel/hostname"
status=0
trap : TERM # LocalTransport sends it after the last record; the shell inside ends by itself
chroot "$root" /usr/bin/env -i /bin/bash --noprofile --norc -s || status=$?
hostname >"$root/proc-sys/kernel/hostname" # the next namespace begins with it
exit "$status"
