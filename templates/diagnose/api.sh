# NAME and ENDPOINT are set: the control-plane endpoint's host, and with its port.
[ -e /etc/kubernetes/kubelet.conf ] || exit 0
case $NAME in *[!0-9.]*) case $NAME in *:*) ;; *) timeout 5 getent hosts "$NAME" >/dev/null || found "the name $NAME does not resolve" ;; esac ;; esac
alive=1
if ! command -v curl >/dev/null; then : >"$KB_DIR/api"; exit 0; fi
if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
  if answer=$(curl -sk --noproxy '*' --max-time 5 'https://127.0.0.1:6443/readyz?verbose'); then
    while read -r line; do
      case $line in '[-]'*) found "$line" ;; esac
      case $line in '[-]etcd'*) alive=0 ;; esac
    done <<<"$answer"
  else
    for name in kube-apiserver etcd; do
      id=$(timeout 5 crictl ps -aq --name "$name" 2>/dev/null | head -n 1 || true)
      [ -z "$id" ] || timeout 5 crictl logs --tail 6 "$id" 2>&1 | cut -c1-300 || true
    done
    found "the API does not answer on this host"
  fi
fi
if ! curl -sk --noproxy '*' --max-time 5 -o /dev/null "https://$ENDPOINT/livez"; then
  found "the API does not answer at $ENDPOINT"
  alive=0
fi
# Where it is silent, nobody else waits for it.
[ "$alive" = 0 ] || : >"$KB_DIR/api"
