# The probe: what one host is like, told without changing anything.
#
# Runs as root under bash (4.2 or newer) with nothing but coreutils and grep; `ip`, `systemctl` and
# `systemd-detect-virt` are used where they are. Each fact is one line `KBF1 <tab> key <tab> value`, the key being the
# name of the field of kubeboot.facts.Facts; a key may come several times (lists). In values \\ \t \n stand for
# backslash, tab and newline; other control characters become `?`. What cannot be read is left out: never an error.
# The clock is read first and last, so that the host's own working time does not count as network time.
# Secrets: of kubeconfigs only server and context are told, and proxies without their user and password.

# A subshell: its options, locale and variables stay its own.
kb_probe() (
  clock() { REPLY=${EPOCHREALTIME:-}; [[ -n $REPLY ]] || printf -v REPLY '%(%s)T' -1; }
  set +eu +o pipefail
  shopt -s nullglob
  IFS=$' \t\n'
  export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  clock
  started=$REPLY out=

  put() { # KEY VALUE: tells one fact; an empty value is the same as none.
    local value=${2:0:4096}
    [[ -n $value ]] || return 0
    if [[ $value == *[[:cntrl:]\\]* ]]; then
      value=${value//\\/\\\\} value=${value//$'\t'/\\t} value=${value//$'\n'/\\n}
      value=${value//[[:cntrl:]]/?}
    fi
    out+="KBF1"$'\t'"$1"$'\t'"$value"$'\n'
  }
  put_if() { "${@:2}" && put "$1" 1; } # KEY COMMAND...: tells 1 when the command succeeds
  slurp() { # FILE: the first 4 KiB into REPLY, without a trailing newline and without a fork.
    REPLY=
    [[ -r $1 ]] && IFS= read -r -d '' -n 4096 REPLY <"$1"
    REPLY=${REPLY%$'\n'} && [[ -n $REPLY ]]
  }
  put_file() { slurp "$2" && put "$1" "$REPLY"; } # KEY FILE

  system() {
    local lines line key value
    mapfile -t -n 60 lines </etc/os-release
    for line in "${lines[@]}"; do
      key=${line%%=*} value=${line#*=} value=${value#[\"\']} value=${value%[\"\']}
      case $key in
        ID) put os_id "$value" ;;
        ID_LIKE) for key in $value; do put os_id_like "$key"; done ;;
        VERSION_ID) put os_version "$value" ;;
        VERSION_CODENAME) put os_codename "$value" ;;
        PRETTY_NAME) put os_name "$value" ;;
      esac
    done
    slurp /proc/sys/kernel/ostype && put_if is_linux [ "$REPLY" = Linux ]
    put_if is_systemd [ -d /run/systemd/system ]
    put_file kernel /proc/sys/kernel/osrelease
    put arch "$(uname -m)"
    put cpus "$(nproc)"
    read -r key value line </proc/meminfo && put memory_mb $((value / 1024))
    put_file hostname /proc/sys/kernel/hostname
    put_file machine_id /etc/machine-id
    put_file product_uuid /sys/class/dmi/id/product_uuid
    put_file boot_id /proc/sys/kernel/random/boot_id
    put_file time_zone /etc/timezone
    put virtualization "$(timeout 5 systemd-detect-virt)"
    [[ -w / && -w /etc && -w /var ]] && put is_root_writable 1
    put_if is_reboot_required [ -e /run/reboot-required ]
    mapfile -t -s 1 -n 50 lines </proc/swaps
    for line in "${lines[@]}"; do put swap_devices "${line%%[ $'\t']*}"; done
    slurp /sys/fs/selinux/enforce && case $REPLY in 1) put selinux enforcing ;; *) put selinux permissive ;; esac
    slurp /sys/module/apparmor/parameters/enabled && put_if has_apparmor [ "$REPLY" = Y ]
  }

  services() { # Which of the units that matter are active: one fork for all.
    local units=(chrony chronyd systemd-timesyncd ntp ntpd ntpsec openntpd ufw firewalld nftables
      containerd docker docker.socket cri-docker crio podman.socket kubelet
      k3s k3s-agent rke2-server rke2-agent k0scontroller k0sworker snap.microk8s.daemon-kubelite)
    local states i
    [[ -d /run/systemd/system ]] || return
    mapfile -t states < <(timeout 10 systemctl is-active "${units[@]}")
    for i in "${!states[@]}"; do
      [[ ${states[i]} == active ]] && put active_units "${units[i]}"
    done
    # ufw.service is active on every Ubuntu; only its configuration says whether it filters.
    slurp /etc/ufw/ufw.conf && [[ $'\n'$REPLY == *$'\n'ENABLED=[yY]* ]] && put is_ufw_enabled 1
  }

  cgroups() {
    local root=/sys/fs/cgroup version=1 controllers='' path
    if slurp "$root/cgroup.controllers"; then
      version=2 controllers=$REPLY
    else
      for path in "$root"/*/; do path=${path%/} controllers+=" ${path##*/}"; done
      slurp "$root/unified/cgroup.controllers" && controllers+=" $REPLY"
      [[ -d $root/unified ]] && version=hybrid
    fi
    [[ -n $controllers ]] || return
    put cgroup_version "$version"
    for path in ${controllers//,/ }; do put cgroup_controllers "$path"; done
  }

  disks() { # Free megabytes and inodes where data will lie, or at the nearest parent that exists.
    local wanted=(/ /var/lib/containerd /var/lib/kubelet /var/lib/etcd /var/log /run)
    local paths=() path i blocks size inodes total
    for path in "${wanted[@]}"; do
      while [[ ! -e $path ]]; do path=${path%/*} path=${path:-/}; done
      paths+=("$path")
    done
    i=0
    while read -r blocks size inodes total; do
      put disk_free_mb "${wanted[i]} $((blocks * size / 1048576))"
      # btrfs makes inodes as it needs them and says 0 of 0.
      ((total > 0)) && put inodes_free "${wanted[i]} $inodes"
      ((i++))
    done < <(timeout 10 stat -f -c '%a %S %d %c' "${paths[@]}")
  }

  kernel_feature() { # NAME [PATH...]: there when it is loaded, built in with parameters, or its feature shows.
    local name=$1 path
    shift
    for path in "/sys/module/$name" "$@"; do
      [[ -e $path ]] && put kernel_features "$name" && return
    done
  }
  kernel() {
    local lines line bounding='' folder=/lib/modules
    local names='overlay|br_netfilter|nf_conntrack|ip_vs(_rr|_wrr|_sh)?|vxlan|ipip'
    kernel_feature overlay
    slurp /proc/filesystems && [[ $REPLY == *overlay* ]] && put kernel_features overlay
    kernel_feature br_netfilter /proc/sys/net/bridge
    kernel_feature nf_conntrack /proc/sys/net/netfilter/nf_conntrack_max
    kernel_feature ip_vs /proc/net/ip_vs /proc/sys/net/ipv4/vs
    for line in ip_vs_rr ip_vs_wrr ip_vs_sh vxlan; do kernel_feature "$line"; done
    kernel_feature ipip /proc/sys/net/ipv4/conf/tunl0
    slurp /proc/sys/kernel/osrelease && folder+=/$REPLY
    while read -r line; do
      line=${line%.ko*} line=${line##*/}
      put kernel_features "$line"
    done < <(grep -E "/($names)\.ko" "$folder/modules.builtin")
    while read -r line; do
      line=${line%%.ko*} line=${line##*/}
      put loadable_modules "$line"
    done < <(grep -E "^[^:]*/($names)\.ko[^:]*:" "$folder/modules.dep")
    mapfile -t lines </proc/1/status
    for line in "${lines[@]}"; do [[ $line == CapBnd:* ]] && bounding=${line##*$'\t'}; done
    [[ $bounding =~ ^[0-9a-f]+$ ]] || bounding=0
    put_if can_load_modules [ $((16#$bounding >> 16 & 1)) = 1 ]
    # Only CAP_SYS_RESOURCE in the first user namespace counts for oom_score_adj.
    read -r line _ names </proc/self/uid_map
    put_if can_lower_oom_score [ "$((16#$bounding >> 24 & 1)) $line $names" = "1 0 4294967295" ]
    put_file conntrack_max /proc/sys/net/netfilter/nf_conntrack_max && put can_set_conntrack_max 0
    put_if can_set_conntrack_max [ -w /proc/sys/net/netfilter/nf_conntrack_max ]
    slurp /proc/sys/net/ipv6/conf/all/disable_ipv6 && put_if is_ipv6_enabled [ "$REPLY" = 0 ]
  }

  network() {
    local path line words before=''
    if type -P ip >/dev/null; then
      # Not /sys/class/net: in a container that can be another network namespace's.
      while read -r line; do
        [[ $line =~ ^[0-9]+:\ ([^:@]+).*\ link/ether\ ([0-9a-f:]+) ]] || continue
        case ${BASH_REMATCH[1]} in
          cali* | vxlan* | cni* | flannel* | cilium* | lxc* | veth* | docker* | br-* | virbr* | kube-* | \
            nodelocaldns | dummy* | ifb* | tap* | tun*) ;;
          *) put macs "${BASH_REMATCH[2]}" ;;
        esac
      done < <(timeout 5 ip -o link | grep -v -E '^[0-9]+: +(cali|veth|lxc)' | head -n 200)
      while read -r -a words; do
        put interfaces "${words[3]} ${words[1]%@*}"
      done < <(timeout 5 ip -o address show | grep -v -E '^[0-9]+: +(cali|veth|lxc)' | head -n 200)
      while read -r line; do put routes "$line"; done < <(timeout 5 ip -4 route | grep -v " dev cali" | head -n 400)
    else # /proc/net/fib_trie: an address stands in the line before `/32 host LOCAL`.
      while read -r path line; do
        [[ $path == /32 && $line == "host LOCAL" ]] && put interfaces "$before/32 ?"
        before=$line
      done < <(head -n 4000 /proc/net/fib_trie)
      while read -r -a words; do
        dotted "${words[1]}" && line=$REPLY && dotted "${words[7]}" && line+=/$REPLY
        dotted "${words[2]}" && put routes "$line via $REPLY dev ${words[0]}"
      done < <(head -n 400 /proc/net/route)
    fi
    nameservers nameservers /etc/resolv.conf
    nameservers upstream_nameservers /run/systemd/resolve/resolv.conf
    proxies
  }
  dotted() { # HEX: an address as /proc/net/route writes it, last byte first
    [[ $1 =~ ^[0-9A-F]{8}$ ]] && REPLY=$((16#${1:6:2})).$((16#${1:4:2})).$((16#${1:2:2})).$((16#${1:0:2}))
  }
  nameservers() { # KEY FILE
    local lines line
    [[ -r $2 ]] && mapfile -t -n 100 lines <"$2"
    for line in "${lines[@]}"; do
      [[ $line =~ ^nameserver[[:blank:]]+([^[:blank:]]+) ]] && put "$1" "${BASH_REMATCH[1]}"
    done
  }
  proxies() {
    local lines line path
    [[ -r /etc/environment ]] && mapfile -t -n 100 lines </etc/environment
    for line in "${lines[@]}"; do
      line=${line#export } path=${line%%=*} line=${line#*=} line=${line//[\"\']/}
      case $path in
        [hH][tT][tT][pP]_[pP]* | [hH][tT][tT][pP][sS]_[pP]* | [nN][oO]_[pP]* | [aA][lL][lL]_[pP]*)
          # Without user and password, with or without a scheme before them.
          [[ $line =~ ^([a-zA-Z0-9+.-]+://)?.*@(.*)$ ]] && line=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
          put proxies "$path $line"
          ;;
      esac
    done
  }

  ports() { # Listening TCP ports; who listens only for the few that a node needs, it is a walk through all processes.
    local line fields port inode pid='' sockets=''
    local -A port_of=()
    while read -r -a fields; do
      port=$((16#${fields[1]##*:})) inode=${fields[9]}
      put listening_ports "$port"
      case $port in
        80 | 443 | 2379 | 2380 | 6443 | 10250 | 10257 | 10259) port_of[$inode]=$port sockets+="|$inode" ;;
      esac
    done < <(grep -h -E ':0000 0A ' /proc/net/tcp /proc/net/tcp6)
    [[ -n $sockets ]] || return
    # shellcheck disable=SC2010  # the names of these links are numbers
    while read -r line; do
      if [[ $line == /proc/* ]]; then
        pid=${line%/fd:}
      elif slurp "$pid/comm"; then
        line=${line##*socket:\[} line=${line%%\]*}
        put listeners "${port_of[$line]} $REPLY"
      fi
    done < <(ls -l /proc/[0-9]*/fd | grep -E "^/proc/|socket:\[(${sockets#|})\]$")
  }

  packages() {
    local line name='' status='' fields inodes='' updates=(/var/lib/dpkg/updates/[0-9]*)
    local names='kube(adm|let|ctl)|cri-tools|kubernetes-cni|containerd(\.io)?|docker\.io|docker-ce|cri-o|podman|chrony'
    local bad='half-|unpacked|triggers-awaited'
    while read -r line; do
      case $line in
        Package:*) name=${line#*: } status= ;;
        Status:*)
          status=${line#*: }
          [[ ${status##* } =~ ^($bad) ]] && put broken_packages "$name"
          ;;
        Version:*)
          [[ $name =~ ^($names)$ && $status == *" ok installed" ]] || continue
          put packages "$name ${line#*: }"
          [[ $status == hold* ]] && put held_packages "$name"
          ;;
      esac
    done < <(grep -E -B 1 -A 14 "^Package: ($names)$|^Status: .* ($bad)" /var/lib/dpkg/status)
    put_if is_dpkg_interrupted [ ${#updates[@]} -gt 0 ]
    # A lock of dpkg or apt shows in /proc/locks by its inode; the name of the process is worth a sentence to the user.
    for line in $(stat -c %i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock); do
      inodes+="|:$line 0 EOF"
    done
    [[ -n $inodes ]] && read -r -a fields < <(grep -E "WRITE [1-9].*(${inodes#|})" /proc/locks) &&
      slurp "/proc/${fields[4]}/comm" && put apt_lock_holder "$REPLY"
  }

  kubeconfig() { # FILE PREFIX: server and current context, nothing else: the rest is secret.
    local lines line
    [[ -r $1 ]] && mapfile -t -n 100 lines <"$1"
    for line in "${lines[@]}"; do
      line=${line#"${line%%[! ]*}"}
      case $line in
        server:*) put "$2_server" "${line#*: }" ;;
        current-context:*) put "$2_context" "${line#*: }" ;;
      esac
    done
  }
  certificate() { # FILE: what its first certificate is, without the text that some have around it.
    local lines line text=''
    [[ -r $1 ]] && mapfile -t -n 400 lines <"$1"
    for line in "${lines[@]}"; do
      [[ $line == *BEGIN\ CERTIFICATE* || -n $text ]] && text+=${line%$'\r'}$'\n'
      [[ $line == *END\ CERTIFICATE* ]] && break
    done
    [[ -n $text ]] && read -r line _ < <(printf %s "$text" | sha256sum) && put ca_sha256 "$line"
  }
  kubernetes() {
    local folder=/etc/kubernetes path
    put_if has_admin_conf [ -s "$folder"/admin.conf ]
    put_if has_kubelet_conf [ -s "$folder"/kubelet.conf ]
    put_if has_bootstrap_kubelet_conf [ -s "$folder"/bootstrap-kubelet.conf ]
    put_if has_etcd_data [ -d /var/lib/etcd/member ]
    for path in "$folder"/manifests/*.yaml "$folder"/manifests/*.yml "$folder"/manifests/*.json; do
      path=${path##*/} && put static_manifests "${path%.*}"
    done
    certificate "$folder/pki/ca.crt"
    kubeconfig "$folder"/admin.conf admin
    kubeconfig "$folder"/kubelet.conf kubelet
    put_file kubeboot_mark "$folder"/kubeboot/cluster
  }

  system; services; cgroups; disks
  kernel; network; ports
  packages; kubernetes
  put clock_started_s "$started"
  clock && put clock_s "$REPLY"
  printf '%sKBF1\tend\n' "$out"
)
kb_probe </dev/null 2>/dev/null
