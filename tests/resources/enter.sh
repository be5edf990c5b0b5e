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
exec chroot "$root" /usr/bin/env -i /bin/bash --noprofile --norc -s
