# Signing keys of kubeboot's repositories that have expired. gpg makes its home folder where there is none: not in /root.
command -v gpg >/dev/null || exit 0
now=$(date +%s)
for file in /etc/apt/keyrings/kubeboot-*; do
  [ -s "$file" ] || continue
  ends=$(timeout 5 gpg --homedir "$KB_DIR" --batch --show-keys --with-colons "$file" 2>/dev/null | awk -F: '$1 == "pub" { print $7; exit }') || continue
  case $ends in '' | *[!0-9]*) continue ;; esac
  if [ "$ends" -lt "$now" ]; then found "the key in $file expired on $(date -u -d "@$ends" +%F)"; fi
done
