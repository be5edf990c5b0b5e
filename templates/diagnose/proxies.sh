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
