# The engine's other half: runs checks and applies, writes one record per resource, and holds the vocabulary's verbs.
#
# Set before this text: KB_MODE (plan or apply), KB_NONCE, KB_DIR (root-only, tmpfs), KB_LOG, KB_RUN and KB_OWNER (see
# lock.sh), KB_PHASE, KB_APT_ONLY (1: only kubeboot's own sources), and the inventory's timeouts: KB_LOCK_S, KB_STEP_S,
# KB_PACKAGE_LOCK_S, KB_NETWORK_S, KB_API_S. Records are tab-separated lines in $KB_DIR/records:
#   B boot-id | S step | W text | R resource status exit-code ms reason output | D resource diff | O name value
#   K name secret-value | L owner | E status
# Free text in records is base64. A check or apply always runs as a plain command in a subshell: inside `if`, `&&` or `||`
# bash ignores errexit and a failing apply would look like success.
set -u
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l KUBECONFIG=/etc/kubernetes/admin.conf
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
KB_DRIFT=90
KB_HOPELESS=92
KB_STOPPED=93
KB_STATE=/var/lib/kubeboot
# Here-documents go through files here, not on a disk. Not exported: what steps run has its own idea of room.
TMPDIR=$KB_DIR
(umask 077 && mkdir -p "${KB_LOG%/*}" && : >>"$KB_LOG")

# Monotonic: clocks are set while hosts are prepared. NOW is in seconds, NOW_CS in hundredths.
kb_clock() { read -r NOW_CS _ </proc/uptime; NOW=${NOW_CS%.*} NOW_CS=$((10#${NOW_CS/./})); }
kb_record() { local IFS=$'\t'; printf '%s\n' "$KB_NONCE	$*" >>"$KB_DIR/records"; }
kb_encode() { printf '%s' "$1" | base64 -w0; }
kb_tail() { [ ! -s "$1" ] || tail -c "$2" "$1" | base64 -w0; }

# What checks and applies may call.
drift() { printf '%s' "$*" >"$KB_DIR/reason"; exit "$KB_DRIFT"; }
# For conditions of wait_for: waiting longer is of no use.
hopeless() { printf '%s' "$*" >"$KB_DIR/reason"; exit "$KB_HOPELESS"; }
waiting() {
  [ "$*" != "$(cat "$KB_DIR/waiting" 2>/dev/null)" ] || return 0
  printf '%s' "$*" >"$KB_DIR/waiting"
  kb_record W "$(kb_encode "$*")"
}
output() { kb_record O "$1" "$(base64 -w0)"; }
# An output that nobody may see: a record of its own kind, and hidden in whatever is printed from now on.
secret_output() {
  local value
  value=$(cat)
  hide "$value"
  kb_record K "$1" "$(kb_encode "$value"$'\n')"
}
# Of letters, digits and dots; what else is secret is known by its shape.
hide() { case $1 in '' | *[!A-Za-z0-9.]*) ;; *) printf 's/%s/***/g\n' "$1" >>"$(secret mask.sed)" ;; esac; }
secret() { printf '%s' "$KB_DIR/secrets/$1"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
# What an output will be cannot be known before it is made; that is a failure only when it should be there.
emit_failed() {
  if is_plan; then drift "known after init"; fi
  exit 1
}
is_plan() { [ "$KB_MODE" = plan ]; }

# In a process group of its own, so that kb_watchdog can end all of it.
kb_run() {
  kb_clock
  set -m
  ( set +m -euo pipefail; exec 9>&-; "$1" ) >"$KB_DIR/out" 2>&1 </dev/null &
  set +m
  printf '%s %s\n' "$!" "$((NOW + KB_STEP_S))" >"$KB_DIR/deadline"
  wait "$!"
  kb_rc=$?
  : >"$KB_DIR/deadline"
  if [ -e "$KB_DIR/overdue" ]; then
    printf 'did not end within %s s and was stopped' "$KB_STEP_S" | tee "$KB_DIR/reason" >>"$KB_DIR/out"
    rm -f "$KB_DIR/overdue"
  fi
  [ ! -s "$KB_DIR/out" ] || kb_log "$1"
}
# What was printed goes into log and records without secrets, or not at all.
kb_log() {
  sed -E -i -f "$KB_DIR/secrets/mask.sed" "$KB_DIR/out" || echo "(secrets in this output could not be hidden)" >"$KB_DIR/out"
  { printf -- '--- %s %s\n' "$kb_label" "$1"; cat "$KB_DIR/out"; } >>"$KB_LOG"
}
kb_check() {
  : >"$KB_DIR/reason"
  kb_run "check_$1"
}
kb_watchdog() {
  local job deadline
  while sleep 2 && kill -0 "$$" 2>/dev/null; do
    read -r job deadline <"$KB_DIR/deadline" || continue
    kb_clock
    if [ "$NOW" -lt "$deadline" ]; then continue; fi
    : >"$KB_DIR/overdue"
    kill -TERM -- "-$job" 2>/dev/null
    sleep 5
    kill -KILL -- "-$job" 2>/dev/null
  done
}
kb_result() {
  kb_clock
  kb_record R "$1" "$2" "$kb_rc" "$(((NOW_CS - kb_started) * 10))" "$(base64 -w0 <"$KB_DIR/reason")" "$(kb_tail "$KB_DIR/out" 6000)"
}
kb_end() {
  if [ -n "${kb_watching:-}" ]; then kill "$kb_watching" 2>/dev/null; fi
  kb_record E "$1"
  exit 0
}
# A step begins, unless the user asked to stop (Ctrl-C).
kb_step() {
  if [ -e "$KB_DIR/stop" ]; then kb_end stopped; fi
  kb_record S "$1"
}

# kb_resource NUMBER LABEL HAS_APPLY HAS_DIFF: check, apply what drifted, check again.
kb_resource() {
  kb_clock
  kb_label=$2 kb_started=$NOW_CS
  kb_check "$1"
  case $kb_rc in
    0) kb_result "$1" ok; return ;;
    "$KB_STOPPED") kb_end stopped ;;
    "$KB_DRIFT") ;;
    *) if [ "$3" = wait ]; then kb_result "$1" failed; else kb_result "$1" unknown; fi; kb_end failed ;;
  esac
  if [ "$4" = 1 ]; then
    cp "$KB_DIR/out" "$KB_DIR/out.check"
    kb_run "diff_$1"
    kb_record D "$1" "$(head -c 60000 "$KB_DIR/out" | base64 -w0)"
    mv "$KB_DIR/out.check" "$KB_DIR/out"
  fi
  if is_plan; then kb_result "$1" drift; return; fi
  if [ "$3" != 1 ]; then kb_result "$1" failed; kb_end failed; fi
  cp "$KB_DIR/reason" "$KB_DIR/reason.first"
  kb_run "apply_$1"
  if [ "$kb_rc" != 0 ]; then cp "$KB_DIR/reason.first" "$KB_DIR/reason"; kb_result "$1" failed; kb_end failed; fi
  cp "$KB_DIR/out" "$KB_DIR/out.apply"
  kb_check "$1"
  case $kb_rc in
    0) cp "$KB_DIR/reason.first" "$KB_DIR/reason"; kb_result "$1" changed ;;
    "$KB_DRIFT") cat "$KB_DIR/out.apply" >>"$KB_DIR/out"; kb_result "$1" not-converged; kb_end failed ;;
    *) kb_result "$1" unknown; kb_end failed ;;
  esac
}

# Two locks: the run's (see lock.sh), which must still be ours, and a flock that lives as long as this script: what an
# interrupted run left running is waited for. Plans take none: they change nothing and never block anybody.
kb_start() {
  : >"$KB_DIR/deadline"
  kb_watchdog </dev/null >/dev/null 2>&1 &
  kb_watching=$!
  is_plan && return
  exec 9>>/run/kubeboot/lock
  flock -n 9 || kb_wait_for_script
  kb_own
  printf '%s %s\n' "$KB_PHASE" "$KB_DIR" >/run/kubeboot/lock
}
kb_own() {
  local answer owner
  answer=$(kb_owner_try "" renew) || answer="held		"
  case $answer in
    held*) IFS=$'\t' read -r _ _ owner _ <<<"$answer"; kb_record L "$owner" ""; kb_end locked ;;
  esac
}
kb_wait_for_script() {
  kb_own
  kb_clock
  local deadline=$((NOW + KB_LOCK_S)) phase="" directory=""
  until flock -w 2 9; do
    read -r phase directory </run/kubeboot/lock || true
    waiting "what an interrupted run left running here to end: ${phase:-a script}$(kb_current_step "$directory")"
    if [ -e "$KB_DIR/stop" ]; then kb_end stopped; fi
    kb_clock
    if [ "$NOW" -ge "$deadline" ]; then kb_record L "" "$(kb_encode "${phase:-a script}")"; kb_end locked; fi
  done
}
kb_current_step() { awk -F'\t' '$2 == "S" { step = $3 } END { if (step) print ", " step }' "$1/records" 2>/dev/null; }

# wait_for LABEL TIMEOUT_S INTERVAL_S: until condition() passes; its drift reason is what is waited for.
wait_for() {
  kb_clock
  local wait_began=$NOW rc said="" reason
  while :; do
    set +e
    : >"$KB_DIR/reason"
    ( set -euo pipefail; condition ) >"$KB_DIR/wait" 2>&1
    rc=$?
    set -e
    [ "$rc" != 0 ] || return 0
    reason=$(cat "$KB_DIR/reason")
    [ "$rc" != "$KB_HOPELESS" ] || fail "$reason"
    [ -n "$reason" ] || { reason="$1: $(tail -n 1 "$KB_DIR/wait")"; printf '%s' "$reason" >"$KB_DIR/reason"; }
    ! is_plan || exit "$KB_DRIFT"
    [ ! -e "$KB_DIR/stop" ] || exit "$KB_STOPPED"
    [ "$reason" = "$said" ] || { waiting "$reason"; said=$reason; }
    kb_clock
    if [ "$NOW" -ge "$((wait_began + $2))" ]; then
      printf 'Not there after %s s: %s\n' "$2" "$reason"
      cat "$KB_DIR/wait"
      explain || true
      exit 91
    fi
    sleep "$3"
  done
}

# The first overwrite of a file keeps what was there, so that reset can give it back.
keep_original() {
  local kept="$KB_STATE/original$1"
  if [ -e "$kept" ] || [ -e "$kept.absent" ]; then return 0; fi
  (umask 077 && mkdir -p "${kept%/*}")
  if [ -e "$1" ]; then cp -a "$1" "$kept"; else : >"$kept.absent"; fi
}

differs() {
  local rc=0
  content | cmp -s - "$1" || rc=$?
  case $rc in 0) return 1 ;; 1 | 141) return 0 ;; *) fail "cannot compare $1 (exit $rc)" ;; esac
}

# file_* PATH MODE OWNER RESTARTED_SERVICE, with content() defined.
file_check() {
  if [ ! -f "$1" ]; then wants_restart "$4"; drift "missing"; fi
  if differs "$1"; then wants_restart "$4"; drift "content differs"; fi
  local now
  now=$(stat -c '%a %U:%G' "$1")
  [ "$now" = "${2#0} $3" ] || drift "is $now, wanted ${2#0} $3"
}
file_apply() {
  mkdir -p "${1%/*}"
  keep_original "$1"
  if [ -n "$4" ] && systemctl is-active --quiet "$4"; then
    mkdir -p /run/kubeboot/restart
    if [ ! -f "$1" ] || differs "$1"; then : >"/run/kubeboot/restart/$4"; fi
  fi
  local new="$1.kubeboot-new"
  (umask 077 && content >"$new")
  chmod "$2" "$new"
  chown "$3" "$new"
  mv -fT "$new" "$1"
}
file_diff() {
  local old=$1
  [ -f "$1" ] || old=/dev/null
  content | diff -u --label "$1 (now)" --label "$1 (wanted)" "$old" - || true
}
wants_restart() { if is_plan && [ -n "$1" ]; then : >"${KB_DIR%/*}/restart-$1"; fi; }

# block_* PATH BEGIN END, with content() defined. A block stays where it is; lines around it are somebody else's, and so are
# those behind a begin mark without its end.
block_new() {
  content >"$KB_DIR/block"
  if [ ! -f "$1" ]; then cat "$KB_DIR/block"; return; fi
  awk -v begin="$2" -v end="$3" -v block="$KB_DIR/block" '
    function put(line) { if (!is_put) while ((getline line <block) > 0) print line; is_put = 1 }
    $0 == begin && !inside { inside = 1; held = ""; next }
    inside && $0 == end { inside = 0; put(); next }
    inside { held = held $0 "\n"; next }
    { print }
    END { if (inside) printf "%s", held; put() }' "$1"
}
block_check() {
  [ -f "$1" ] || drift "missing"
  block_new "$@" | cmp -s - "$1" || drift "entries differ"
}
block_apply() {
  keep_original "$1"
  local new="$1.kubeboot-new"
  if [ -f "$1" ]; then cp -p "$1" "$new"; fi
  block_new "$@" >"$new"
  mv -fT "$new" "$1" 2>/dev/null || { cat "$new" >"$1"; rm -f "$new"; }
}
block_diff() {
  local old=$1
  [ -f "$1" ] || old=/dev/null
  block_new "$@" | diff -u --label "$1 (now)" --label "$1 (wanted)" "$old" - || true
}

# Packages. With KB_APT_ONLY apt sees only kubeboot's own sources: a host behind a mirror cannot reach the others.
apt_sources_of_kubeboot() {
  local only=/run/kubeboot/apt file
  rm -rf "$only"
  mkdir -p "$only"
  for file in /etc/apt/sources.list.d/kubeboot-*.sources; do
    [ ! -e "$file" ] || ln -s "$file" "$only/"
  done
}
apt_run() {
  local tool=$1 options=()
  shift
  if [ "$KB_APT_ONLY" = 1 ]; then
    options=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/run/kubeboot/apt -o APT::Get::List-Cleanup=0)
  fi
  "$tool" "${options[@]}" "$@"
}
# A cable that is out for a moment is no failure. A refused connection and a wrong address are, at once.
KB_NETWORK_GONE='[Nn]o route to host|is unreachable|[Tt]imed out|i/o timeout|timeout awaiting|[Tt]emporary failure|[Cc]onnection reset'
apt_get() {
  local deadline rc
  kb_clock
  deadline=$((NOW + KB_NETWORK_S))
  while :; do
    rc=0
    apt_wait_for_locks
    apt_once "$@" 2>&1 | tee "$KB_DIR/apt" || rc=$?
    [ "$rc" != 0 ] || return 0
    kb_clock
    if [ "$NOW" -ge "$deadline" ] || ! grep -qE "$KB_NETWORK_GONE" "$KB_DIR/apt"; then return "$rc"; fi
    waiting "the network to come back: $(grep -m 1 -oE "[^ ]* *[^ ]* *($KB_NETWORK_GONE)" "$KB_DIR/apt")"
    sleep 3
  done
}
# Whoever holds one of apt's and dpkg's locks (unattended-upgrades, another administrator), by name.
apt_wait_for_locks() {
  kb_clock
  local deadline=$((NOW + KB_PACKAGE_LOCK_S)) file inode pid name
  for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    [ -e "$file" ] || continue
    inode=$(stat -c %i "$file")
    while pid=$(awk -v inode=":$inode" 'index($6, inode) && substr($6, length($6) - length(inode) + 1) == inode { print $5; exit }' /proc/locks) && [ -n "$pid" ]; do
      name=unknown
      if [ -r "/proc/$pid/comm" ]; then read -r name <"/proc/$pid/comm" || true; fi
      kb_clock
      if [ "$NOW" -ge "$deadline" ]; then
        fail "$file is held by $name (process $pid), and was not released within $KB_PACKAGE_LOCK_S s (inventory: timeouts.packageLock)"
      fi
      waiting "$name (process $pid) to release $file"
      sleep 2
    done
  done
}
apt_once() {
  apt_run apt-get -q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Use-Pty=0 "${APT_PATIENCE[@]}" \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o APT::Status-Fd=7 "$@" 7> >(apt_progress >/dev/null)
}
# What apt says for programs: KIND:WHAT:PERCENT:TEXT.
apt_progress() {
  local kind percent text last=-9
  while IFS=: read -r kind _ percent text; do
    kb_clock
    if [ "$NOW" -lt "$((last + 2))" ]; then continue; fi
    last=$NOW
    case $kind in
      dlstatus) waiting "packages: ${percent%.*} % downloaded" ;;
      pmstatus) waiting "packages: ${percent%.*} % installed, $text" ;;
    esac
  done
}
# apt 2.6 waits for ever when a retry after a refused connection is to come with a delay.
APT_PATIENCE=(-o Acquire::Retries=2 -o Acquire::Retries::Delay=false -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
# What cannot be fetched is an error where all sources are kubeboot's; a user's dead source elsewhere is not ours to judge.
apt_update() {
  if apt_get -o APT::Update::Error-Mode=any update; then : >"$1"; return 0; fi
  [ "$KB_APT_ONLY" != 1 ] || fail "The package lists cannot be fetched"
  echo "Some package lists could not be fetched; going on with those that are there"
}
apt_refresh() {
  local stamp=/run/kubeboot/apt-refreshed
  [ "$KB_APT_ONLY" != 1 ] || apt_sources_of_kubeboot
  if [ -n "$(find "$stamp" -mmin -30 2>/dev/null)" ] \
    && [ -z "$(find /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings -newer "$stamp" 2>/dev/null)" ]; then return 0; fi
  apt_update "$stamp"
}
apt_repository_key_is() {
  command -v gpg >/dev/null || fail "gpg is not installed, so the key cannot be compared with its fingerprint"
  local found
  found=$(gpg --batch --show-keys --with-colons "$1" | awk -F: '$1 == "fpr" { print $10 }')
  local wanted
  for wanted in $2; do
    case $found in *"$wanted"*) return 0 ;; esac
  done
  printf 'The key has the fingerprint %s, wanted %s\n' "${found//$'\n'/ }" "$2"
  return 1
}
# apt_repository_* NAME KEYRING KEY_URL FINGERPRINTS, with content() and perhaps key_content() defined.
apt_repository_check() {
  local source="/etc/apt/sources.list.d/kubeboot-$1.sources"
  if [ -n "$2" ]; then
    [ -s "$2" ] || drift "key missing"
    if declare -F key_content >/dev/null; then
      key_content | cmp -s - "$2" || drift "key differs"
    elif [ -n "$4" ]; then
      apt_repository_key_is "$2" "$4" || drift "key differs"
    fi
  fi
  [ -f "$source" ] || drift "missing"
  ! differs "$source" || drift "content differs"
}
apt_repository_apply() {
  local source="/etc/apt/sources.list.d/kubeboot-$1.sources" new
  if [ -n "$2" ]; then
    mkdir -p /etc/apt/keyrings
    if [ ! -d /etc/ssl/certs ] && [ "${3#https}" != "$3" ]; then packages_apply ca-certificates; fi
    new="$2.kubeboot-new"
    if declare -F key_content >/dev/null; then
      key_content >"$new"
    else
      /usr/lib/apt/apt-helper "${APT_PATIENCE[@]}" download-file "$3" "$new"
      grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$new" || fail "$3 is not an armored OpenPGP key; does the mirror answer with a web page?"
      if [ -n "$4" ] && ! command -v gpg >/dev/null; then packages_apply gnupg; fi
      [ -z "$4" ] || apt_repository_key_is "$new" "$4" || { rm -f "$new"; fail "Refusing the key of $3"; }
    fi
    chmod 0644 "$new"
    mv -fT "$new" "$2"
  fi
  content >"$source.kubeboot-new"
  chmod 0644 "$source.kubeboot-new"
  mv -fT "$source.kubeboot-new" "$source"
}
apt_repository_diff() { file_diff "/etc/apt/sources.list.d/kubeboot-$1.sources"; }

# packages_* NAME or NAME=VERSION ...; VERSION fits any packaging of it: 1.29.15 accepts 1.29.15-1.1.
fits() { [[ -z $2 || $1 == "$2" || $1 == "$2"[-~+]* ]]; }
packages_installed() {
  local rc=0
  dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' "${@%%=*}" 2>/dev/null || rc=$?
  [ "$rc" -le 1 ] || fail "dpkg-query failed (exit $rc)"
}
packages_missing() {
  local spec name state version installed
  declare -A have=()
  installed=$(packages_installed "$@") || return
  while read -r name state version; do
    [ "$state" != installed ] || have[$name]=$version
  done <<<"$installed"
  for spec in "$@"; do
    name=${spec%%=*} version=${spec#"$name"} version=${version#=}
    if [ -z "${have[$name]:-}" ]; then
      printf '%s: not installed -> %s\n' "$name" "${version:-newest}"
    elif ! fits "${have[$name]}" "$version"; then
      printf '%s: %s -> %s\n' "$name" "${have[$name]}" "$version"
    fi
  done
}
packages_check() {
  local missing
  missing=$(packages_missing "$@")
  [ -z "$missing" ] || drift "$(printf '%s\n' "$missing" | wc -l) to install: $(printf '%s\n' "$missing" | cut -d: -f1 | paste -sd' ')"
}
# As packages_missing, with the version that would come where any is good. It writes no cache of apt's.
packages_diff() {
  local missing names
  missing=$(packages_missing "$@")
  mapfile -t names < <(awk -F: '/ newest$/ { print $1 }' <<<"$missing")
  if [ "${#names[@]}" = 0 ]; then printf '%s\n' "$missing"; return; fi
  awk '
    NR == FNR { if ($1 ~ /:$/ && NF == 1) name = $1; else if ($1 == "Candidate:" && $2 != "(none)") version[name] = $2; next }
    $NF == "newest" && $1 in version { sub(/newest$/, version[$1]) }
    { print }
  ' <(echo; apt_run apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy "${names[@]}" 2>/dev/null || true) - <<<"$missing"
}
packages_apply() {
  local spec name version exact line install=()
  if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ]; then
    echo "dpkg was interrupted before; finishing that first"
    apt_wait_for_locks
    dpkg --force-confdef --force-confold --configure -a
  fi
  apt_refresh
  for spec in "$@"; do
    name=${spec%%=*} version=${spec#"$name"} version=${version#=}
    if [ -z "$version" ]; then install+=("$name"); continue; fi
    exact=""
    while IFS='| ' read -r _ line _; do
      if fits "$line" "$version"; then exact=$line; break; fi
    done < <(apt_run apt-cache madison "$name")
    [ -n "$exact" ] || fail "No repository has $name $version; they offer: $(apt_run apt-cache madison "$name" | awk '{ print $3 }' | paste -sd' ')"
    install+=("$name=$exact")
  done
  apt_get install --no-install-recommends --allow-downgrades --allow-change-held-packages "${install[@]}"
}
packages_hold_check() {
  local held name
  held=" $(apt-mark showhold "$@" | paste -sd' ') "
  for name in "$@"; do
    case $held in *" $name "*) ;; *) drift "$name is not held" ;; esac
  done
}

hostname_check() {
  local now="" saved=""
  read -r now </proc/sys/kernel/hostname
  [ "$now" = "$1" ] || drift "is $now"
  [ ! -f /etc/hostname ] || read -r saved </etc/hostname || true
  [ "$saved" = "$1" ] || drift "is ${saved:-unset} at boot"
  if [ -d /etc/cloud/cloud.cfg.d ]; then [ -f /etc/cloud/cloud.cfg.d/99-kubeboot-hostname.cfg ] || drift "cloud-init would set it back at boot"; fi
}
hostname_apply() {
  keep_original /etc/hostname
  printf '%s\n' "$1" >/etc/hostname
  printf '%s' "$1" >/proc/sys/kernel/hostname
  if [ -d /etc/cloud/cloud.cfg.d ]; then printf 'preserve_hostname: true\n' >/etc/cloud/cloud.cfg.d/99-kubeboot-hostname.cfg; fi
}

# A module is there when it is loaded, built in, or its feature shows: modprobe fails on kernels without modules.
module_is_there() {
  [ ! -d "/sys/module/$1" ] || return 0
  case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter/nf_conntrack_max ] ;;
    ip_vs) [ -e /proc/net/ip_vs ] ;;
    *) grep -qs "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin" ;;
  esac
}
modules_check() {
  local path=$1 module
  shift
  for module in "$@"; do module_is_there "$module" || drift "$module is not loaded"; done
  [ -f "$path" ] || drift "not loaded at boot"
  ! differs "$path" || drift "not loaded at boot"
}
modules_apply() {
  local path=$1 module
  shift
  for module in "$@"; do
    module_is_there "$module" || modprobe -- "$module" || fail "This kernel ($(uname -r)) has no module $module"
  done
  file_apply "$path" 0644 root:root ""
}

same_words() {
  local one two
  read -ra one <<<"$1"
  read -ra two <<<"$2"
  [ "${one[*]}" = "${two[*]}" ]
}
sysctls_each() {
  local key value file live
  while read -r key value; do
    case $key in '' | '#'*) continue ;; esac
    value=${value#= } file="/proc/sys/${key//./\/}" live=absent
    if [ -e "$file" ]; then read -r live <"$file" || true; fi
    same_words "$live" "$value" || "$1" "$key" "$value" "$live" "$file"
  done < <(content)
}
sysctl_drifts() { drift "$1 is $3, wanted $2"; }
sysctl_show() { printf '%s: %s -> %s\n' "$1" "$3" "$2"; }
sysctl_set() {
  [ "$3" != absent ] || fail "This kernel has no $1; drop it with hostPreparation.sysctl: {$1: null}"
  printf '%s' "$2" >"$4" || fail "$1 cannot be set to $2 here; drop it with hostPreparation.sysctl: {$1: null}"
}
sysctls_check() {
  sysctls_each sysctl_drifts
  [ -f "$1" ] || drift "not set at boot"
  ! differs "$1" || drift "not set at boot"
}
sysctls_apply() {
  file_apply "$1" 0644 root:root ""
  sysctls_each sysctl_set
}
sysctls_diff() { sysctls_each sysctl_show; }

swap_fstab() { if [ -f /etc/fstab ]; then awk '$1 !~ /^#/ && $3 == "swap" { print $1 }' /etc/fstab; fi; }
swap_check() {
  local active persistent
  active=$(awk 'NR > 1 { print $1 }' /proc/swaps | paste -sd' ')
  [ -z "$active" ] || drift "$active is active"
  persistent=$(swap_fstab | paste -sd' ')
  [ -z "$persistent" ] || drift "$persistent is in /etc/fstab"
  [ "$(readlink /etc/systemd/system/swap.target)" = /dev/null ] || drift "swap units may start at boot"
  if [ -e /etc/systemd/system/multi-user.target.wants/zramswap.service ]; then drift "zramswap starts at boot"; fi
}
swap_apply() {
  swapoff -a
  if [ -n "$(swap_fstab)" ]; then
    keep_original /etc/fstab
    cp -p /etc/fstab /etc/fstab.kubeboot-new
    awk '$1 !~ /^#/ && $3 == "swap" { print "# kubeboot turned swap off: " $0; next } { print }' /etc/fstab >/etc/fstab.kubeboot-new
    mv -fT /etc/fstab.kubeboot-new /etc/fstab
  fi
  if [ -e /etc/systemd/system/multi-user.target.wants/zramswap.service ]; then systemctl disable --now zramswap.service; fi
  systemctl mask swap.target
}

# service_* NAME running|enabled
service_check() {
  local line load="" file="" active=""
  while IFS= read -r line; do
    case $line in
      LoadState=*) load=${line#*=} ;;
      UnitFileState=*) file=${line#*=} ;;
      ActiveState=*) active=${line#*=} ;;
    esac
  done < <(systemctl show -p LoadState,UnitFileState,ActiveState "$1")
  [ -n "$load" ] || fail "systemd does not answer"
  [ "$load" != not-found ] || drift "not installed"
  case $file in enabled | enabled-runtime | static | alias | indirect | generated) ;; *) drift "not enabled" ;; esac
  [ "$2" = running ] || return 0
  [ "$active" = active ] || drift "not running ($active)"
  if [ -e "/run/kubeboot/restart/$1" ] || [ -e "${KB_DIR%/*}/restart-$1" ]; then drift "must restart: its configuration changed"; fi
}
service_apply() {
  systemctl daemon-reload
  systemctl enable "$1"
  [ "$2" = running ] || return 0
  if [ -e "/run/kubeboot/restart/$1" ]; then systemctl restart "$1"; else systemctl start "$1"; fi || {
    systemctl --no-pager --full status "$1" || true
    journalctl -u "$1" -n 20 --no-pager -o cat || true
    fail "$1 does not start"
  }
  rm -f "/run/kubeboot/restart/$1"
}
