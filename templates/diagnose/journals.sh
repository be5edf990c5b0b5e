# No finding of its own: where others find that something is wrong, this tells why.
for unit in containerd kubelet; do
  timeout 5 journalctl -u "$unit" --since -10min -n 400 -o cat --no-pager 2>/dev/null \
    | grep -E '^[EF][0-9]{4} |level=(error|fatal)|[Ff]ailed' | tail -n 8 | cut -c1-330 || true
done
