# Only where there is a node.
[ -e /etc/kubernetes/kubelet.conf ] || exit 0
state=$(systemctl show -p ActiveState --value kubelet 2>/dev/null || true)
restarts=$(timeout 5 journalctl -u kubelet --since -10min -o cat --no-pager 2>/dev/null | grep -c 'Scheduled restart job' || true)
if [ "$state" != active ]; then
  words="the kubelet is ${state:-not there}"
elif [ "${restarts:-0}" -ge 3 ]; then
  words="the kubelet restarts: $restarts times in 10 minutes"
elif [ "$(curl -s --noproxy '*' --max-time 3 http://127.0.0.1:10248/healthz 2>/dev/null || true)" != ok ] && command -v curl >/dev/null; then
  words="the kubelet does not answer on its health port"
else
  exit 0
fi
timeout 5 journalctl -u kubelet -n 300 -o cat --no-pager 2>/dev/null | grep -E '^[EF][0-9]{4} |err=|[Ff]ailed' | tail -n 12 | cut -c1-400 || true
found "$words"
