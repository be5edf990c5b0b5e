# kubeboot: phase diagnose on a worker, after the prelude
check_0() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# Whether a time server keeps the clock.
command -v chronyc >/dev/null || exit 0
state=$(timeout 5 chronyc -n tracking 2>&1 || true)
case $state in
  *'Not synchronised'*) found "the clock is not synchronised: no time server answers chrony" ;;
  *'Cannot talk to daemon'*) found "the clock is not synchronised: chronyd does not run" ;;
esac
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_1() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# Free space and inodes where the kubelet, containerd and etcd write; each file system once.
paths=(/)
for path in /var/lib/containerd /var/lib/kubelet /var/lib/etcd /var/log; do [ ! -d "$path" ] || paths+=("$path"); done
# A mount that hangs must not hold the others up.
timeout 10 df -P -m "${paths[@]}" | awk 'NR > 1 && !seen[$6]++ { print $6, $2, $4 }' >"$KB_DIR/disks"
while read -r mount total free; do
  if [ "$free" -lt 500 ] || { [ "$free" -lt 5000 ] && [ "$((free * 20))" -lt "$total" ]; }; then
    found "$mount has only $free of $total MB free"
  fi
done <"$KB_DIR/disks"
timeout 10 df -P -i "${paths[@]}" | awk 'NR > 1 && !seen[$6]++ { print $6, $2, $4 }' >"$KB_DIR/disks"
while read -r mount total free; do
  case $total in 0 | -) continue ;; esac
  if [ "$((free * 20))" -lt "$total" ]; then found "$mount has only $free of $total inodes free"; fi
done <"$KB_DIR/disks"
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_2() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# What host preparation made so, as it is now: a reboot or another program may have undone it.
if [ -e /etc/kubernetes/kubelet.conf ] || [ "$(readlink /etc/systemd/system/swap.target)" = /dev/null ]; then
  devices=$(awk 'NR > 1 { print $1 }' /proc/swaps | paste -sd' ')
  [ -z "$devices" ] || found "swap is on: $devices"
fi
if [ -f /etc/modules-load.d/kubeboot.conf ]; then
  while read -r module; do
    case $module in '' | '#'*) continue ;; esac
    module_is_there "$module" || found "$module is not loaded"
  done </etc/modules-load.d/kubeboot.conf
fi
sysctl_found() {
  if [ "$1" = net.ipv4.ip_forward ]; then found "net.ipv4.ip_forward is $3"; else found "sysctl $1 is $3, wanted $2"; fi
}
if [ -f /etc/sysctl.d/99-zz-kubeboot.conf ]; then
  content() { cat /etc/sysctl.d/99-zz-kubeboot.conf; }
  sysctls_each sysctl_found
fi
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_3() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
VERSION=1.29.15 PACKAGES='containerd.io kubeadm kubelet kubectl'
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
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_4() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# Signing keys of kubeboot's repositories that have expired. gpg makes its home folder where there is none: not in /root.
command -v gpg >/dev/null || exit 0
now=$(date +%s)
for file in /etc/apt/keyrings/kubeboot-*; do
  [ -s "$file" ] || continue
  ends=$(timeout 5 gpg --homedir "$KB_DIR" --batch --show-keys --with-colons "$file" 2>/dev/null | awk -F: '$1 == "pub" { print $7; exit }') || continue
  case $ends in '' | *[!0-9]*) continue ;; esac
  if [ "$ends" -lt "$now" ]; then found "the key in $file expired on $(date -u -d "@$ends" +%F)"; fi
done
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_5() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
EXPECTED='10250=kubelet 10256=kube-proxy'
# EXPECTED is set: words of port=program. Whoever else listens there.
command -v ss >/dev/null || exit 0
timeout 5 ss -Hltnp | awk '{ n = split($4, at, ":"); split($0, by, "\""); print at[n], by[2] }' | sort -u >"$KB_DIR/ports"
while read -r port program; do
  [ -n "$program" ] || continue
  for each in $EXPECTED; do
    if [ "$port" = "${each%%=*}" ] && [ "$program" != "${each#*=}" ]; then found "port $port is taken by $program"; fi
  done
done <"$KB_DIR/ports"
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_6() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
SUBNETS='10.96.0.0/16 10.88.0.0/16'
# SUBNETS are set: pods' and services'. Who sends them through a proxy.
number() { local IFS=. part result=0; for part in $1; do result=$((result * 256 + part)); done; echo "$result"; }
# covers ENTRY SUBNET: the same, or IPv4 networks one within the other.
covers() {
  [ "$1" != "$2" ] || return 0
  [ "$1" != '*' ] || return 0
  [[ $1 =~ ^[0-9]+(\.[0-9]+){3}/[0-9]+$ && $2 =~ ^[0-9]+(\.[0-9]+){3}/[0-9]+$ ]] || return 1
  local length=${1#*/}
  [ "$length" -le "${2#*/}" ] || return 1
  [ "$(($(number "${1%/*}") >> (32 - length)))" = "$(($(number "${2%/*}") >> (32 - length)))" ]
}
judge() {
  local who=$1 variables=$2 excepted subnet entry is_covered
  grep -qiE '(^|[ "])https?_proxy=.' <<<"$variables" || return 0
  excepted=$(tr ' ' '\n' <<<"$variables" | tr -d '"' | sed -n 's/^[Nn][Oo]_[Pp][Rr][Oo][Xx][Yy]=//p' | tr ',\n' '  ')
  for subnet in $SUBNETS; do
    is_covered=0
    set -f
    for entry in $excepted; do if covers "$entry" "$subnet"; then is_covered=1; fi; done
    set +f
    [ "$is_covered" = 1 ] || found "$who sends $subnet through a proxy"
  done
}
for unit in containerd kubelet; do judge "$unit.service" "$(systemctl show -p Environment --value "$unit" 2>/dev/null || true)"; done
if [ -f /etc/environment ]; then judge /etc/environment "$(grep -i _proxy= /etc/environment | tr '\n' ' ')"; fi
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_7() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
SANDBOX_IMAGE=registry.k8s.io/pause:3.9
# SANDBOX_IMAGE is set: what kubeadm uses. containerd itself, and its configuration as it is merged.
command -v containerd >/dev/null || exit 0
state=$(systemctl show -p ActiveState --value containerd 2>/dev/null || true)
if [ "$state" != active ]; then
  found "containerd is ${state:-not there}"
elif ! timeout 10 ctr --timeout 5s version >/dev/null 2>&1; then
  found "containerd does not answer on its socket"
fi
config=$(timeout 5 containerd config dump 2>&1) || { found "containerd does not read its configuration: $(tail -n 1 <<<"$config")"; exit 0; }
disabled=$(grep -E '^disabled_plugins *=' <<<"$config" || true)
case $disabled in *cri\"* | *cri\'*) found "$disabled in /etc/containerd/config.toml" ;; esac
image=$(sed -nE "s/^ *sandbox(_image)? *= *[\"']([^\"']+)[\"'].*/\2/p" <<<"$config" | head -n 1)
if [ -n "$image" ] && [ "$image" != "$SANDBOX_IMAGE" ]; then found "containerd's sandbox image is $image, wanted $SANDBOX_IMAGE"; fi
systemd=$(sed -nE 's/^ *SystemdCgroup *= *([a-z]+).*/\1/p' <<<"$config" | head -n 1)
if [ -f /var/lib/kubelet/config.yaml ]; then
  driver=$(sed -n 's/^cgroupDriver: *//p' /var/lib/kubelet/config.yaml)
  case ${systemd:-false}/${driver:-cgroupfs} in
    true/systemd | false/cgroupfs) ;;
    *) found "SystemdCgroup is ${systemd:-false} in containerd, the kubelet's cgroupDriver is ${driver:-cgroupfs}" ;;
  esac
fi
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_8() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# containerd takes the first configuration in the order of names.
ours=10-calico.conflist
[ -d /etc/cni/net.d ] || exit 0
for path in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
  [ -e "$path" ] || continue
  name=${path##*/}
  [ "$name" != "$ours" ] || continue
  if [[ $name < $ours ]]; then
    found "$path comes before $ours"
  elif [ ! -e "/etc/cni/net.d/$ours" ] && [ -e /etc/kubernetes/kubelet.conf ]; then
    found "$path comes before $ours, which is not there"
  fi
done
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_9() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
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
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_10() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# Every certificate that kubeadm and the kubelet keep here: expired, or within 30 days.
command -v openssl >/dev/null || exit 0
judge() {
  local ends
  ends=$(openssl x509 -noout -enddate 2>/dev/null <"$KB_DIR/certificate") || return 0
  ends=${ends#notAfter=}
  if ! openssl x509 -noout -checkend 0 <"$KB_DIR/certificate" >/dev/null; then
    found "the certificate $1 expired on $ends"
  elif ! openssl x509 -noout -checkend 2592000 <"$KB_DIR/certificate" >/dev/null; then
    found "the certificate $1 expires on $ends"
  fi
}
for path in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem /var/lib/kubelet/pki/kubelet.crt; do
  [ -e "$path" ] || continue
  sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$path" >"$KB_DIR/certificate"
  judge "$path"
done
for path in /etc/kubernetes/*.conf; do
  [ -e "$path" ] || continue
  sed -n 's/^ *client-certificate-data: *//p' "$path" | head -n 1 | base64 -d >"$KB_DIR/certificate" 2>/dev/null || continue
  judge "$path"
done
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_11() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
NAME=192.168.10.11 ENDPOINT=192.168.10.11:6443
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
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
check_12() {
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\n\t' '  ' | cut -c1-800)
  printf '! %s\n' "$text"
  printf '%s\n' "$text" >>"$KB_DIR/found"
}
look() {
# No finding of its own: where others find that something is wrong, this tells why.
for unit in containerd kubelet; do
  timeout 5 journalctl -u "$unit" --since -10min -n 400 -o cat --no-pager 2>/dev/null \
    | grep -E '^[EF][0-9]{4} |level=(error|fatal)|[Ff]ailed' | tail -n 8 | cut -c1-330 || true
done
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
}
main() {
kb_start
kb_step look-at-clock
kb_resource 0 'time servers' 0 0
kb_step look-at-disks
kb_resource 1 disks 0 0
kb_step look-at-kernel
kb_resource 2 kernel 0 0
kb_step look-at-packages
kb_resource 3 packages 0 0
kb_resource 4 'repository keys' 0 0
kb_step look-at-ports
kb_resource 5 ports 0 0
kb_step look-at-proxies
kb_resource 6 proxies 0 0
kb_step look-at-containerd
kb_resource 7 containerd 0 0
kb_step look-at-pod-network
kb_resource 8 'CNI configuration' 0 0
kb_step look-at-kubelet
kb_resource 9 kubelet 0 0
kb_step look-at-certificates
kb_resource 10 certificates 0 0
kb_step look-at-api
kb_resource 11 API 0 0
kb_step read-journals
kb_resource 12 journals 0 0
kb_end 'done'
}
main
