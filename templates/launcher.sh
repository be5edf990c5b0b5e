# Sent on stdin to a root bash: starts the unit unless it is there already, then follows its records from line KB_FROM.
# Set before this text: KB_NONCE, KB_DIR, KB_UNIT, KB_FROM, KB_TIMEOUT_S, and unpack() when the script is on board.
set -u
umask 077
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
say() { printf '%s\t%s\n' "$KB_NONCE" "$1"; }

read -r boot_id </proc/sys/kernel/random/boot_id
say "B	$boot_id"
if [ ! -e "$KB_DIR/script" ]; then
  if ! declare -F unpack >/dev/null; then say G; exit 0; fi
  # What earlier runs left goes, unless it is the work of the run that owns the host; also what never was started.
  run=${KB_DIR%/*} owner=""
  run=${run##*/}
  [ ! -e /run/kubeboot/owner ] || read -r owner _ </run/kubeboot/owner
  for old in /run/kubeboot/runs/*/*/; do
    if [ -e "$old/ended" ] && [ "${owner:-$run}" = "$run" ]; then rm -rf "$old"; fi
    if [ ! -e "$old/script" ] && [ "$owner" = "$run" ]; then rm -rf "$old"; fi
  done
  rmdir /run/kubeboot/runs/*/ 2>/dev/null
  mkdir -p "$KB_DIR/secrets" /run/kubeboot/restart || { say "X	setup	1"; exit 0; }
  : >"$KB_DIR/records"
  TMPDIR=$KB_DIR # for the here-document with the secrets: not on a disk
  unpack || { rm -rf "$KB_DIR"; say "X	setup	1"; exit 0; }
  mv "$KB_DIR/script.new" "$KB_DIR/script"
  systemd-run --quiet --collect --unit="$KB_UNIT" --property=RuntimeMaxSec="$KB_TIMEOUT_S" --property=TimeoutStopSec=10 \
    --property=ExecStopPost="/bin/bash $KB_DIR/ended.sh" /bin/bash "$KB_DIR/script" 1>&2 || { rm -rf "$KB_DIR"; say "X	systemd-run	1"; exit 0; }
fi
while IFS= read -r line; do
  printf '%s\n' "$line"
  case $line in "$KB_NONCE	E	"* | "$KB_NONCE	X	"*) break ;; esac
done < <(exec tail -n "+$KB_FROM" -s 0.2 --pid=$$ -f "$KB_DIR/records")
kill "$!" 2>/dev/null
exit 0
