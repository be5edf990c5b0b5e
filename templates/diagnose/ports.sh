# EXPECTED is set: words of port=program. Whoever else listens there.
command -v ss >/dev/null || exit 0
timeout 5 ss -Hltnp | awk '{ n = split($4, at, ":"); split($0, by, "\""); print at[n], by[2] }' | sort -u >"$KB_DIR/ports"
while read -r port program; do
  [ -n "$program" ] || continue
  for each in $EXPECTED; do
    if [ "$port" = "${each%%=*}" ] && [ "$program" != "${each#*=}" ]; then found "port $port is taken by $program"; fi
  done
done <"$KB_DIR/ports"
