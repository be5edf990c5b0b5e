"""Last in the table: what says that something is wrong, rather than why. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

GENERAL = (
    Cause(
        "tls-bootstrap-stuck",
        r"perform the TLS Bootstrap",
        "The kubelet got no certificate.",
        "Compare the clocks, and see what is pending; then run the same command again.",
        "date -u; kubectl get csr",
    ),
    Cause(
        "control-plane-not-up",
        r"timed out waiting for the condition|kubelet isn't running or healthy",
        "The kubelet or a control-plane container does not come up.",
        "Mend what their last words name, then run the same command again.",
        "journalctl -u kubelet -n 50; crictl ps -a",
        is_general=True,
    ),
    Cause(
        "kubelet-stopped",
        r"^the kubelet is inactive",
        "Somebody stopped the kubelet: nothing new starts on this node, and it becomes NotReady.",
        "Start it: systemctl start kubelet. kubeboot init does the same.",
        "systemctl status kubelet; last; journalctl -u kubelet -n 30",
    ),
    Cause(
        "kubelet-not-running",
        r"^the kubelet (?:is|does not|restarts)",
        "The kubelet does not run, so nothing starts on this node and it becomes NotReady.",
        "See why in its journal and start it: systemctl start kubelet. kubeboot init does the same.",
        "systemctl status kubelet; journalctl -u kubelet -n 30",
        is_general=True,
    ),
    Cause(
        "api-not-healthy",
        r"\[-\]\S+ failed|^the API (?:does not answer|is not ready)",
        "The API server does not answer, or says itself that a part of it is not ready.",
        "See its container and etcd's on that control plane.",
        "kubectl get --raw '/readyz?verbose'; crictl ps -a --name 'kube-apiserver|etcd'",
        is_general=True,
    ),
    Cause(
        "node-not-ready",
        r"^node \S+ is (?:NotReady|not)",
        "The node is not Ready: its kubelet is silent, or its pod network or runtime is not up.",
        "See the kubelet and containerd on that host.",
        "kubectl describe node NAME; journalctl -u kubelet -n 30",
        is_general=True,
    ),
    Cause(
        "pod-not-ready",
        r"^pod \S+ (?:on \S+ )?is not ready",
        "A pod does not become ready.",
        "See its events and its containers' last words.",
        "kubectl -n NAMESPACE describe pod NAME; kubectl -n NAMESPACE logs NAME",
        is_general=True,
    ),
    Cause(
        "unit-masked",
        r"Unit \S+ is masked",
        "The service is masked on the host.",
        "systemctl unmask it, if nobody needs it so; then run the same command again.",
        "systemctl list-unit-files --state masked",
    ),
    Cause(
        "no-systemd",
        r"Failed to connect to bus|systemd does not answer",
        "systemd does not answer on the host: it is overloaded, or was not started by systemd.",
        "Wait for it or reboot the host; then run the same command again.",
        "ps -p 1; systemctl is-system-running",
    ),
    Cause(
        "command-missing",
        r"command not found",
        "A program is missing on the host; the log names it.",
        "Install it, then run the same command again.",
        "command -v NAME; echo $PATH",
    ),
)
