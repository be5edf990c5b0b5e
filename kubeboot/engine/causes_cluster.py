"""Known failures of the cluster itself: etcd, kubeadm, Kubernetes. The rules are in kubeboot.engine.causes."""

from __future__ import annotations

ETCD = (
    (
        r"not enough started members|too many learner members",
        "A former join left a member in etcd that never started. `etcdctl member list`, "
        "remove the one without a name, then run again.",
    ),
    (
        r"can only promote a learner member which is in sync",
        "The new etcd member is still copying its data. Run again in a minute; slow disks take longer.",
    ),
    (
        r"clock difference against peer",
        "The clocks of the control planes differ: compare `date -u` on the hosts, and see `chronyc tracking`.",
    ),
    (
        r"mvcc: database space exceeded",
        "etcd's database is full: compact and defragment it, then `etcdctl alarm disarm`.",
    ),
    (
        r"etcdserver: (?:request timed out|no leader|leader changed)",
        "etcd has no quorum, or its disk is too slow: are more than half of the control planes up? "
        "`crictl logs` of etcd tells.",
    ),
)

KUBEADM = (
    (r"ERROR Port-\d+", "Another program listens on that port: `ss -ltnp` on the host shows which."),
    (
        r"ERROR (?:FileAvailable|DirAvailable)-",
        "Files of an earlier cluster are on the host. If that cluster is gone: `kubeadm reset` there, then run again.",
    ),
    (r"ERROR (?:NumCPU|Mem)\b", "The host is too small for a control plane: it needs 2 CPUs and 1700 MB of memory."),
    (
        r"ERROR KubeletVersion",
        "The host's kubelet and kubeadm are of different versions. `apt-mark showhold` there; run again.",
    ),
    (
        r"could not find a JWS signature in the cluster-info ConfigMap",
        "The join token has expired. Run the same command again: it makes a new one.",
    ),
    (
        r"Secret \\?\"kubeadm-certs\\?\" was not found|cipher: message authentication failed",
        "The shared certificates have expired or were encrypted with another key. "
        "Run the same command again: it shares them anew.",
    ),
    (
        r"none of the public keys .* are pinned",
        "The API at the endpoint is of another cluster (its CA is not the expected one). "
        "Check cluster.controlPlaneEndpoint.",
    ),
    (
        r"a Node with name .* already exists in the cluster",
        "The cluster has a node of this name already. If it is a former one: kubectl delete node NAME; then run again.",
    ),
    (
        r"stable controlPlaneEndpoint address",
        "The cluster was made without a control-plane endpoint, so no second control plane can join. "
        "Set cluster.controlPlaneEndpoint before the first init.",
    ),
    (
        r"kubeadm:cluster-admins\\?\" already exists",
        "A bug of kubeadm 1.29.0 to 1.29.2: use cluster.kubernetesVersion 1.29.3 or later.",
    ),
    (
        r"static Pod hash for component",
        "A control-plane container did not restart in time. Run again; if it stays, look at `crictl ps -a`.",
    ),
)

CLUSTER = (
    (
        r"x509: certificate has expired or is not yet valid",
        "The clocks differ, or a certificate has expired: compare `date -u` on the hosts, "
        "then `kubeadm certs check-expiration` on a control plane.",
    ),
    (
        r"x509: certificate is valid for .*, not ",
        "The API's certificate does not name that address: is cluster.controlPlaneEndpoint the one the cluster "
        "was made with?",
    ),
    (
        r"x509: certificate signed by unknown authority",
        "Whoever answers is not the cluster this host belongs to: check cluster.controlPlaneEndpoint.",
    ),
    (
        r"failed calling webhook",
        "An admission webhook does not answer yet. Wait for its pods (ingress-nginx: its controller) and run again.",
    ),
    (
        r"plugin/loop: Loop",
        "The host's resolv.conf points to itself (systemd-resolved), so CoreDNS asks itself. "
        "Give the host a real name server.",
    ),
    (
        r"violate the pod's disruption budget",
        "A PodDisruptionBudget forbids taking the pod away: `kubectl get pdb -A` shows which.",
    ),
    (
        r"remote error: tls: internal error",
        "The kubelet's serving certificate is not approved: `kubectl get csr`.",
    ),
    (
        r"disk-pressure|DiskPressure|low on resource: ephemeral-storage",
        "The node's disk is nearly full, so Kubernetes keeps pods away: free space under /var/lib.",
    ),
    (
        r"Insufficient (?:cpu|memory)",
        "No node has enough free CPU or memory for the pod: `kubectl describe nodes` shows what is taken.",
    ),
    (
        r"ErrImagePull|ImagePullBackOff",
        "A node cannot pull an image: `kubectl describe pod` names it. Check mirrors.registries.",
    ),
    (r"CrashLoopBackOff", "A container starts and fails again and again: `kubectl logs --previous` tells why."),
    (
        r"no matches for kind|could not find the requested resource",
        "The manifest asks for a kind of object that this cluster does not have: another version, or its CRDs missing.",
    ),
    (
        r"lookup \S+.*: no such host",
        "The host cannot resolve that name: check the host's DNS, and cluster.controlPlaneEndpoint.",
    ),
    (
        r"dial tcp \S+:6443: .*(?:i/o timeout|no route to host)",
        "The host cannot reach the API: a firewall between the hosts, or a load balancer that has no control plane.",
    ),
    (
        r"connection to the server .* was refused|dial tcp \S+:6443: connect: connection refused",
        "The API server does not answer. On the control plane: `crictl ps -a`, `journalctl -u kubelet -n 50`.",
    ),
)

GENERAL = (
    (
        r"perform the TLS Bootstrap",
        "The kubelet got no certificate: compare `date -u` on the hosts, and see `kubectl get csr`.",
    ),
    (
        r"timed out waiting for the condition|kubelet isn't running or healthy",
        "The kubelet or a control-plane container does not come up: `journalctl -u kubelet -n 50` and "
        "`crictl ps -a` on the host.",
    ),
    (r"Unit \S+ is masked", "The service is masked on the host: systemctl unmask it, if nobody needs it so."),
    (
        r"Failed to connect to bus|systemd does not answer",
        "systemd does not answer on the host: is it overloaded, or not started by systemd?",
    ),
    (r"command not found", "A program is missing on the host; the log names it."),
)
