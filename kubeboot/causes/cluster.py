"""Known failures of a cluster that is made: certificates, API, nodes, pods. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

_EXPIRY = (
    "kubeadm certs check-expiration; openssl x509 -enddate -noout -in /var/lib/kubelet/pki/kubelet-client-current.pem"
)

ACCESS = (
    Cause(
        "certificate-expired",
        r"certificate has expired|client certificate is expired|client certificate has expired|"
        r"^the certificate \S+ (?:has )?expired|certificate .*is expired",
        "A certificate has expired (kubeadm's last one year), or the clocks differ.",
        "On each control plane: kubeadm certs renew all, then restart its static pods; compare the clocks first.",
        f"date -u; {_EXPIRY}",
    ),
    Cause(
        "certificate-expiring",
        r"^the certificate \S+ expires ",
        "A certificate expires soon; kubeadm's last one year, and an upgrade renews them.",
        "On each control plane: kubeadm certs renew all, then restart its static pods.",
        _EXPIRY,
    ),
    Cause(
        "certificate-wrong-name",
        r"x509: certificate is valid for .*, not ",
        "The API's certificate does not name that address.",
        "See that cluster.controlPlaneEndpoint is the one the cluster was made with.",
        "openssl x509 -noout -ext subjectAltName -in /etc/kubernetes/pki/apiserver.crt",
    ),
    Cause(
        "ca-unknown",
        r"x509: certificate signed by unknown authority",
        "Whoever answers is not the cluster this host belongs to.",
        "Check cluster.controlPlaneEndpoint, and what a load balancer in front of it leads to.",
        "getent hosts ENDPOINT; openssl s_client -connect ENDPOINT:6443 -showcerts </dev/null",
    ),
    Cause(
        "kubelet-serving-certificate",
        r"remote error: tls: internal error",
        "The kubelet's serving certificate is not approved.",
        "Look at what is pending, and approve what is yours: kubectl certificate approve NAME",
        "kubectl get csr",
    ),
    Cause(
        "proxy-catches-cluster",
        r"connection to \"?\S+ uses proxy|^\S+ sends \S+ through a proxy",
        "Proxy variables catch the cluster's own addresses: NO_PROXY does not hold the service and pod subnets.",
        "Add hosts, pod subnet, service subnet, .svc and the DNS domain to NO_PROXY, then restart that service.",
        "systemctl show -p Environment containerd kubelet; grep -i proxy /etc/environment",
    ),
    Cause(
        "proxy-in-the-way",
        r"dial tcp \S+: .*(?:i/o timeout|refused)|Service Unavailable|Bad Gateway|unexpected EOF",
        "The host has proxy variables, and a proxy may answer for the cluster's own addresses.",
        "Add hosts, pod subnet, service subnet, .svc and the DNS domain to NO_PROXY; then run the same command again.",
        "grep -i proxy /etc/environment; systemctl show -p Environment containerd kubelet",
        when="proxy-set",
    ),
)

CLUSTER = (
    Cause(
        "webhook-down",
        r"failed calling webhook",
        "An admission webhook does not answer (yet).",
        "Wait for its pods (ingress-nginx: its controller) and run the same command again.",
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
    ),
    Cause(
        "dns-loop",
        r"plugin/loop: Loop",
        "The host's resolv.conf points to itself (systemd-resolved), so CoreDNS asks itself.",
        "Give the host a real name server, or the kubelet another resolvConf; then restart CoreDNS.",
        "cat /etc/resolv.conf; grep resolvConf /var/lib/kubelet/config.yaml",
    ),
    Cause(
        "eviction-blocked",
        r"violate the pod's disruption budget",
        "A PodDisruptionBudget forbids taking the pod away.",
        "Give the workload one more replica, or wait until its other pods are ready.",
        "kubectl get pdb -A",
    ),
    Cause(
        "disk-pressure",
        r"disk-pressure|DiskPressure|low on resource: ephemeral-storage|FreeDiskSpaceFailed|^\S+ has only \d+",
        "The node's disk is nearly full, so Kubernetes keeps pods away and evicts those it has.",
        "Free space under /var/lib (crictl rmi --prune; journalctl --vacuum-size=200M).",
        "df -h /var/lib/kubelet /var/lib/containerd; kubectl describe node NAME | grep -i pressure",
    ),
    Cause(
        "memory-pressure",
        r"memory-pressure|MemoryPressure",
        "The node is short of memory, so Kubernetes keeps pods away and evicts those it has.",
        "Give the host more memory, or the largest pods limits.",
        "free -m; kubectl top pods -A --sort-by memory",
    ),
    Cause(
        "container-out-of-memory",
        r"OOMKilled",
        "A container took more memory than its limit and was killed.",
        "Raise its memory limit, or see why it needs so much.",
        "kubectl describe pod NAME | grep -A3 'Last State'",
    ),
    Cause(
        "not-enough-resources",
        r"Insufficient (?:cpu|memory)|Too many pods",
        "No node has enough free CPU or memory for the pod.",
        "Add a node, or lower what pods request.",
        "kubectl describe nodes | grep -A8 'Allocated resources'",
    ),
    Cause(
        "untolerated-taint",
        r"had untolerated taint",
        "No node takes the pod: those there are have taints that it does not tolerate.",
        "Join a worker, or take the taint away: kubectl taint node NAME KEY-",
        "kubectl get nodes -o custom-columns=N:.metadata.name,T:.spec.taints",
    ),
    Cause(
        "volume-not-bound",
        r"unbound immediate PersistentVolumeClaims|FailedMount|Unable to attach or mount volumes",
        "A volume of the pod cannot be had: no provisioner, a missing Secret or ConfigMap, or the node has it already.",
        "See the pod's events, and make what they name.",
        "kubectl describe pod NAME; kubectl get pvc -A",
    ),
    Cause(
        "image-pull-failed",
        r"ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName",
        "A node cannot pull an image.",
        "Check its name, and mirrors.registries.",
        "kubectl describe pod NAME; crictl pull IMAGE",
    ),
    Cause(
        "crash-loop",
        r"CrashLoopBackOff",
        "A container starts and fails again and again.",
        "Mend what its last words name.",
        "kubectl logs --previous NAME; crictl ps -a",
    ),
    Cause(
        "container-config",
        r"CreateContainerConfigError|CreateContainerError|RunContainerError",
        "A container cannot be made: its Secret, ConfigMap or command is missing.",
        "See the pod's events, and make what they name.",
        "kubectl describe pod NAME",
    ),
    Cause(
        "kind-missing",
        r"no matches for kind|could not find the requested resource",
        "The manifest asks for a kind of object that this cluster does not have.",
        "Use a version of it that fits, or apply its CRDs first.",
        "kubectl api-resources",
    ),
    Cause(
        "name-unresolved",
        r"lookup \S+.*: (?:no such host|server misbehaving)|^the name \S+ does not resolve",
        "The host cannot resolve that name, which may be the control-plane endpoint's.",
        "Mend the host's DNS or its /etc/hosts, and check cluster.controlPlaneEndpoint.",
        "getent hosts NAME; cat /etc/resolv.conf",
    ),
    Cause(
        "api-unreachable",
        r"dial tcp \S+:6443: .*(?:i/o timeout|no route to host)",
        "The host cannot reach the API: a firewall between the hosts, or a load balancer without a control plane.",
        "Open TCP port 6443 between the hosts, or mend the load balancer.",
        "curl -k https://ENDPOINT:6443/livez; ip route get ADDRESS",
    ),
    Cause(
        "api-refuses",
        r"connection to the server .* was refused|dial tcp \S+:6443: connect: connection refused",
        "The API server does not run: nothing answers on its port.",
        "See why on the control plane; kubeboot init starts a kubelet that was stopped.",
        "crictl ps -a; journalctl -u kubelet -n 50",
    ),
)
