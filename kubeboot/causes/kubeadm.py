"""Known failures of etcd and kubeadm. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

_CTL = "crictl exec $(crictl ps -q --name etcd) etcdctl --endpoints 127.0.0.1:2379 ..."
_MEMBERS = "kubectl -n kube-system exec etcd-NODE -- etcdctl member list -w table (with etcd's certificates)"

ETCD = (
    Cause(
        "etcd-member-unstarted",
        r"not enough started members|too many learner members|^etcd member \S+ (?:never started|is a learner)",
        "A former join left a member in etcd that never started.",
        "Remove the member without a name (etcdctl member remove ID), then run the same command again.",
        _MEMBERS,
    ),
    Cause(
        "etcd-learner-behind",
        r"can only promote a learner member which is in sync",
        "The new etcd member is still copying its data.",
        "Run the same command again in a minute; slow disks take longer.",
        _MEMBERS,
    ),
    Cause(
        "etcd-member-removed",
        r"the member has been permanently removed from the cluster",
        "This host's etcd was removed from the cluster and still has its old data.",
        "On the host: kubeadm reset; then kubeboot init joins it anew.",
        _MEMBERS,
    ),
    Cause(
        "etcd-space-exceeded",
        r"mvcc: database space exceeded|^etcd has the alarm NOSPACE|^etcd's database is nearly full|alarm:NOSPACE",
        "etcd's database is full.",
        "Compact and defragment it, then disarm the alarm: etcdctl compact REVISION; defrag; alarm disarm.",
        _CTL.replace("...", "endpoint status -w table"),
    ),
    Cause(
        "etcd-corrupt",
        r"alarm:CORRUPT|^etcd has the alarm CORRUPT|data inconsistency found|snap: crc mismatch|walpb: crc mismatch",
        "This host's etcd data is damaged.",
        "While the others have a majority: remove this member and let the host join anew. Else restore a backup.",
        "crictl logs $(crictl ps -aq --name etcd | head -1) 2>&1 | tail -20",
    ),
    Cause(
        "etcd-no-quorum",
        r"etcdserver: (?:request timed out|no leader|leader changed)|"
        r"^etcd (?:has no leader|has no quorum|member \S+ does not answer)",
        "etcd has no quorum, or its disk is too slow.",
        "Bring up more than half of the control planes again; never restore a backup while a majority can come back.",
        "crictl ps -a --name etcd; crictl logs $(crictl ps -aq --name etcd | head -1) 2>&1 | tail",
    ),
    Cause(
        "etcd-slow-disk",
        r"slow fdatasync|failed to send out heartbeat on time",
        "The disk under /var/lib/etcd is too slow for etcd, so leaders are lost and the API stops.",
        "Move it to a faster disk, or take away what else writes to this one.",
        "crictl logs $(crictl ps -q --name etcd) 2>&1 | grep -c 'slow fdatasync'; iostat -x 1 3",
    ),
)

KUBEADM = (
    Cause(
        "port-taken",
        r"ERROR Port-\d+|bind: address already in use|^port \d+ is taken by",
        "Another program listens on that port.",
        "Stop it or move it to another port, then run the same command again.",
        "ss -ltnp",
    ),
    Cause(
        "earlier-cluster-left",
        r"ERROR (?:FileAvailable|DirAvailable)-",
        "Files of an earlier cluster are on the host.",
        "If that cluster is gone: kubeadm reset there, then run the same command again.",
        "ls /etc/kubernetes /etc/kubernetes/manifests /var/lib/etcd",
    ),
    Cause(
        "host-too-small",
        r"ERROR (?:NumCPU|Mem)\b",
        "The host is too small for a control plane: it needs 2 CPUs and 1700 MB of memory.",
        "Give it more, or make another host the control plane.",
        "nproc; free -m",
    ),
    Cause(
        "kubelet-version-skew",
        r"ERROR KubeletVersion",
        "The host's kubelet and kubeadm are of different versions.",
        "Run kubeboot init, which installs both at the inventory's version.",
        "kubelet --version; kubeadm version -o short; apt-mark showhold",
    ),
    Cause(
        "join-token-expired",
        r"could not find a JWS signature in the cluster-info ConfigMap|token .*(?:has|is) expired|"
        r"invalid bearer token, token lookup failed",
        "The join token has expired.",
        "Run the same command again: it makes a new one.",
        "kubeadm token list; date -u",
    ),
    Cause(
        "join-token-left",
        r"^(?:a join token|bootstrap token \S+) .*(?:left|valid|never expires)",
        "A join token is still valid: who has it can add a node to the cluster.",
        "Delete it unless a join is under way: kubeadm token delete ID. kubeboot init deletes its own.",
        "kubeadm token list",
    ),
    Cause(
        "certificates-not-shared",
        r"Secret \\?\"kubeadm-certs\\?\" was not found|cipher: message authentication failed",
        "The shared certificates have expired or were encrypted with another key.",
        "Run the same command again: it shares them anew.",
        "kubectl -n kube-system get secret kubeadm-certs",
    ),
    Cause(
        "foreign-ca",
        r"none of the public keys .* are pinned",
        "The API at the endpoint is of another cluster: its CA is not the expected one.",
        "Check cluster.controlPlaneEndpoint, and what a load balancer in front of it leads to.",
        "getent hosts ENDPOINT; openssl s_client -connect ENDPOINT:6443 -showcerts </dev/null",
    ),
    Cause(
        "node-name-taken",
        r"a Node with name .* already exists in the cluster",
        "The cluster has a node of this name already.",
        "If it is a former one: kubectl delete node NAME; then run the same command again.",
        "kubectl get nodes -o wide",
    ),
    Cause(
        "no-stable-endpoint",
        r"stable controlPlaneEndpoint address",
        "The cluster was made without a control-plane endpoint, so no second control plane can join.",
        "Set cluster.controlPlaneEndpoint before the first init.",
        "kubectl -n kube-system get configmap kubeadm-config -o yaml | grep controlPlaneEndpoint",
    ),
    Cause(
        "kubeadm-cluster-admins",
        r"kubeadm:cluster-admins\\?\" already exists",
        "A bug of kubeadm 1.29.0 to 1.29.2.",
        "Use cluster.kubernetesVersion 1.29.3 or later.",
        "kubeadm version -o short",
    ),
    Cause(
        "static-pod-not-restarted",
        r"static Pod hash for component",
        "A control-plane container did not restart in time.",
        "Run the same command again; if it stays, see the container's own words.",
        "crictl ps -a; crictl logs ID",
    ),
)
