# VERSION and PACKAGES are set: what the inventory wants, and what is to be held.
command -v dpkg-query >/dev/null || exit 0
if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ]; then found "dpkg was cut off: an installation is unfinished"; fi
for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
  [ -e "$file" ] || continue
  inode=$(stat -c %i "$file")
  pid=$(awk -v inode=":$inode" 'index($6, inode) && substr($6, length($6) - length(inode) + 1) == inode { print $5; exit }' /proc/locks)
  [ -n "$pid" ] || continue
  name=unknown
  if [ -r "/proc/$pid/comm" ]; then read -r name <"/proc/$pid/comm" || true; fi
  found "$file is held by $name (process $pid)"
done
# shellcheck disable=SC2086 # words
installed=$(packages_installed $PACKAGES) || exit 0
grep -q '^kubelet installed ' <<<"$installed" || exit 0
while read -r name state version; do
  case $name in kube*) ;; *) continue ;; esac
  if [ "$state" = installed ] && ! fits "$version" "$VERSION"; then found "$name is $version, the inventory says $VERSION"; fi
done <<<"$installed"
# shellcheck disable=SC2086 # words
held=" $(apt-mark showhold $PACKAGES | paste -sd' ') " missing=""
for name in $PACKAGES; do
  grep -q "^$name installed " <<<"$installed" || continue
  case $held in *" $name "*) ;; *) missing+=" $name" ;; esac
done
[ -z "$missing" ] || found "not held:$missing"
