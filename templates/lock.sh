# The lock of a run on a host: /run/kubeboot/owner holds one line, the run's id, when it was last heard of (seconds of
# uptime: clocks are set while hosts are prepared) and who it is (base64, for kubeboot to read). Beside it counts what runs:
# a run that was not heard of for KB_SILENCE_S and has no unit here is dead, and so is one that its own machine vouches for.
# Set before this text: KB_RUN, KB_OWNER.
KB_SILENCE_S=60
kb_owner_file=/run/kubeboot/owner

kb_units() { systemctl list-units 'kubeboot-*.service' --state=active,activating,deactivating --plain --no-legend --no-pager 2>/dev/null | awk '{ print $1 }' | paste -sd' '; }
kb_owner_write() {
  printf '%s %s %s\n' "$KB_RUN" "$kb_uptime_s" "$KB_OWNER" >"$kb_owner_file.new" && mv -f "$kb_owner_file.new" "$kb_owner_file"
}
# kb_owner_try DEAD_RUN take|renew: tells `ours`, `silent OWNER SECONDS` (taken over) or `held RUN OWNER SECONDS UNITS`.
# DEAD_RUN is known to be dead. To renew, another's lock is respected however old.
kb_owner_try() (
  umask 077
  mkdir -p /run/kubeboot
  exec 8>>"$kb_owner_file.lock"
  flock -w 10 8 || exit 1
  read -r kb_uptime_s _ </proc/uptime
  kb_uptime_s=${kb_uptime_s%.*} run="" renewed_s=0 owner=""
  [ ! -e "$kb_owner_file" ] || read -r run renewed_s owner <"$kb_owner_file" || true
  if [ -z "$run" ] || [ "$run" = "$KB_RUN" ] || [ "$run" = "$1" ]; then
    kb_owner_write && printf 'ours\n'
    exit
  fi
  case $renewed_s in '' | *[!0-9]*) renewed_s=0 ;; esac
  age_s=$((kb_uptime_s - renewed_s)) units=$(kb_units)
  if [ "$2" = take ] && [ -z "$units" ] && [ "$age_s" -gt "$KB_SILENCE_S" ]; then
    kb_owner_write && printf 'silent\t%s\t%s\n' "$owner" "$age_s"
    exit
  fi
  printf 'held\t%s\t%s\t%s\t%s\n' "$run" "$owner" "$age_s" "$units"
)
kb_owner_release() {
  local run=""
  [ ! -e "$kb_owner_file" ] || read -r run _ <"$kb_owner_file" || true
  if [ "$run" = "$KB_RUN" ]; then rm -f "$kb_owner_file"; fi
  local directory tries=0
  for directory in /run/kubeboot/runs/"$KB_RUN"{,-*}/*/; do
    # The last record comes a moment before the unit's own end.
    until [ -e "$directory/ended" ] || [ "$tries" -ge 30 ]; do
      sleep 0.1
      tries=$((tries + 1))
    done
    if [ -e "$directory/ended" ]; then rm -rf "$directory"; fi
  done
  rmdir "/run/kubeboot/runs/$KB_RUN"{,-*} 2>/dev/null || true
}
