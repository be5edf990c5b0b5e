# A host's part of a support bundle, on stdout: lines of nonce, path, what it is, and base64 of the gzipped text. Read only.
# Set before this text: NONCE, MOST (bytes of an item), MOST_ANSWER (characters of all), IS_SPEAKER (1: the cluster's objects too) and
# MASK (base64 of a sed script that hides secrets). Nothing that is a secret by its purpose is read: no keys, no kubeconfigs, no Secrets.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C KUBECONFIG=/etc/kubernetes/admin.conf
export TMPDIR=/run
mask=$(printf '%s' "$MASK" | base64 -d)
sent=0
item() {
  local path=$1 what=$2 data
  shift 2
  [ "$sent" -lt "$MOST_ANSWER" ] || return 0
  # Masked before it is cut: a key or password that is cut in two has no shape any more.
  data=$({ timeout 10 "$@" 2>&1 || true; } | head -c 20000000 | sed -E -f <(printf '%s\n' "$mask") | tail -c "$MOST" | gzip -c | base64 -w0)
  if [ "$((sent + ${#data}))" -ge "$MOST_ANSWER" ]; then
    data=$(printf 'left out: the answer of this host would be too long\n' | gzip -c | base64 -w0)
  fi
  sent=$((sent + ${#data} + ${#path} + ${#what}))
  printf '%s\t%s\t%s\t%s\n' "$NONCE" "$path" "$what" "$data"
}
file() { if [ -f "$1" ]; then item "files$1" "$2" cat "$1"; fi; }
there() { command -v "$1" >/dev/null; }

item system/versions.txt "kernel, system, packages, and how long the host is up" bash -c '
  uname -a; uptime; cat /etc/os-release; systemd-detect-virt
  dpkg-query -W containerd containerd.io kubeadm kubelet kubectl runc cri-tools kubernetes-cni; apt-mark showhold'
item system/disks.txt "file systems: space, inodes, mounts" bash -c 'df -hT; df -i; findmnt -lo TARGET,SOURCE,FSTYPE | grep -v /kubelet/pods/'
item system/memory.txt "memory and swap" bash -c 'free -m; cat /proc/swaps; cat /proc/pressure/*'
item system/network.txt "addresses, routes and name servers" bash -c 'ip addr; ip route; ip -6 route; cat /etc/resolv.conf'
item system/listening.txt "who listens on which port" ss -Hltnp
item system/processes.txt "processes; arguments only of the cluster's own" bash -c '
  ps -eo pid,ppid,user,stat,rss,etime,comm; ps -C kubelet,containerd,etcd,kube-apiserver,kube-scheduler,kube-proxy -o pid,args'
item system/clock.txt "clock and time servers" bash -c 'date -u; timedatectl; chronyc -n tracking; chronyc -n sources'
item system/kernel.txt "modules and kernel parameters" bash -c '
  cat /proc/modules; cd /proc/sys && grep -s . net/ipv4/ip_forward net/bridge/* net/netfilter/nf_conntrack_* vm/* fs/file-* fs/nr_open fs/inotify/*'
item system/units.txt "units of systemd that failed, and states of those that matter" bash -c '
  systemctl --no-pager --failed; systemctl --no-pager --full status containerd kubelet chrony'
item logs/dmesg.txt "the kernel's last messages" bash -c 'dmesg | tail -n 500'
item logs/kubelet.txt "journal of the kubelet" journalctl -u kubelet -n 3000 --no-pager -o short-iso
item logs/containerd.txt "journal of containerd" journalctl -u containerd -n 2000 --no-pager -o short-iso
for path in $(find /var/log/kubeboot -name '*.log' -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 8 | cut -d' ' -f2); do
  item "logs/kubeboot/${path##*/}" "kubeboot's own log of a phase" cat "$path"
done

file /etc/containerd/config.toml "containerd's configuration"
file /etc/crictl.yaml "crictl's configuration"
file /etc/kubernetes/kubeboot/init.yaml "kubeadm's configuration"
file /var/lib/kubelet/config.yaml "the kubelet's configuration"
file /var/lib/kubelet/kubeadm-flags.env "the kubelet's flags by kubeadm"
file /etc/hosts "names and addresses"
file /etc/fstab "file systems at boot"
file /etc/modules-load.d/kubeboot.conf "modules at boot"
file /etc/sysctl.d/99-zz-kubeboot.conf "kernel parameters at boot"
for path in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist; do file "$path" "a configuration of the pod network"; done
for path in /etc/kubernetes/manifests/*.yaml; do file "$path" "a static pod"; done
for path in /etc/apt/sources.list.d/kubeboot-*.sources; do file "$path" "a package repository"; done
item files/names.txt "names of files in folders whose content stays on the host" \
  bash -c 'ls -l /etc/cni/net.d /etc/containerd/certs.d /etc/kubernetes /etc/kubernetes/pki /etc/kubernetes/manifests /var/lib/kubelet/pki'

# A runtime or an API that does not answer is asked once: the whole answer has two minutes.
if there crictl && timeout 5 crictl version >/dev/null 2>&1; then
  item runtime/containers.txt "containers, also those that ended" crictl ps -a
  item runtime/pods.txt "pods as containerd sees them" crictl pods
  item runtime/images.txt "images on the host" crictl images
  for name in kube-apiserver etcd kube-controller-manager kube-scheduler; do
    id=$(timeout 5 crictl ps -aq --name "$name" 2>/dev/null | head -n 1)
    [ -z "$id" ] || item "logs/$name.txt" "last words of $name" crictl logs --tail 400 "$id"
  done
fi

if [ "$IS_SPEAKER" = 1 ] && [ -f /etc/kubernetes/admin.conf ] && there kubectl; then
  kube=(kubectl --request-timeout=8s --cache-dir=/dev/null/none)
  item cluster/readyz.txt "the API about itself" "${kube[@]}" get --raw '/readyz?verbose'
fi
if [ -n "${kube:-}" ] && timeout 8 "${kube[@]}" get namespaces >/dev/null 2>&1; then
  item cluster/nodes.yaml "nodes" "${kube[@]}" get nodes -o yaml
  item cluster/pods.txt "pods of all namespaces" "${kube[@]}" get pods -A -o wide
  item cluster/events.txt "events of all namespaces" "${kube[@]}" get events -A --sort-by=.lastTimestamp -o wide
  item cluster/workloads.txt "deployments, daemonsets, statefulsets, jobs, services" "${kube[@]}" get deployments,daemonsets,statefulsets,jobs,services -A -o wide
  item cluster/configmaps.yaml "configmaps of kube-system" "${kube[@]}" -n kube-system get configmaps -o yaml
  item cluster/certificate-requests.txt "certificate signing requests" "${kube[@]}" get csr
  # shellcheck disable=SC2016 # jq's variables
  if there jq; then
    item cluster/pods.yaml "pods as objects; without values of variables, and commands only of system pods" bash -c '
      kubectl --request-timeout=8s --cache-dir=/dev/null/none get pods -A -o json | jq "
        .items[] | del(.metadata.managedFields, .metadata.annotations)
        | (.spec.containers, .spec.initContainers // empty)[] |= (if .env then .env |= map(if .value then .value = \"***\" else . end) else . end)
        | if .metadata.namespace == \"kube-system\" then . else del(.spec.containers[].command, .spec.containers[].args, .spec.initContainers[]?.args, .spec.initContainers[]?.command, .spec.containers[]?.livenessProbe, .spec.containers[]?.readinessProbe, .spec.containers[]?.lifecycle) end"'
  fi
fi
