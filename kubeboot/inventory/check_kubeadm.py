"""The pass-through documents: their known keys, and the keys that are kubeboot's own.

The keys are those of the Go types of Kubernetes 1.29.15: kubeadm v1beta3, kubelet v1beta1, kube-proxy v1alpha1.
"""

from __future__ import annotations

from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Path
from kubeboot.inventory.shape import nearest

KNOWN = {
    "initConfiguration": "bootstrapTokens nodeRegistration localAPIEndpoint certificateKey skipPhases patches",
    "clusterConfiguration": (
        "etcd networking kubernetesVersion controlPlaneEndpoint apiServer controllerManager scheduler dns"
        " certificatesDir imageRepository featureGates clusterName"
    ),
    "kubeProxyConfiguration": (
        "featureGates clientConnection logging hostnameOverride bindAddress healthzBindAddress metricsBindAddress"
        " bindAddressHardFail enableProfiling showHiddenMetricsForVersion mode iptables ipvs nftables winkernel"
        " detectLocalMode detectLocal clusterCIDR nodePortAddresses oomScoreAdj conntrack configSyncPeriod portRange"
    ),
    "kubeletConfiguration": (
        "enableServer staticPodPath syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL staticPodURLHeader"
        " address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsMinVersion rotateCertificates"
        " serverTLSBootstrap authentication authorization registryPullQPS registryBurst eventRecordQPS eventBurst"
        " enableDebuggingHandlers enableContentionProfiling healthzPort healthzBindAddress oomScoreAdj clusterDomain"
        " clusterDNS streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency"
        " nodeLeaseDurationSeconds imageMinimumGCAge imageMaximumGCAge imageGCHighThresholdPercent"
        " imageGCLowThresholdPercent volumeStatsAggPeriod kubeletCgroups systemCgroups cgroupRoot cgroupsPerQOS"
        " cgroupDriver cpuManagerPolicy cpuManagerPolicyOptions cpuManagerReconcilePeriod memoryManagerPolicy"
        " topologyManagerPolicy topologyManagerScope topologyManagerPolicyOptions qosReserved runtimeRequestTimeout"
        " hairpinMode maxPods podCIDR podPidsLimit resolvConf runOnce cpuCFSQuota cpuCFSQuotaPeriod nodeStatusMaxImages"
        " maxOpenFiles contentType kubeAPIQPS kubeAPIBurst serializeImagePulls maxParallelImagePulls evictionHard"
        " evictionSoft evictionSoftGracePeriod evictionPressureTransitionPeriod evictionMaxPodGracePeriod"
        " evictionMinimumReclaim podsPerCore enableControllerAttachDetach protectKernelDefaults makeIPTablesUtilChains"
        " iptablesMasqueradeBit iptablesDropBit featureGates failSwapOn memorySwap containerLogMaxSize"
        " containerLogMaxFiles configMapAndSecretChangeDetectionStrategy systemReserved kubeReserved"
        " reservedSystemCPUs showHiddenMetricsForVersion systemReservedCgroup kubeReservedCgroup"
        " enforceNodeAllocatable allowedUnsafeSysctls volumePluginDir providerID kernelMemcgNotification logging"
        " enableSystemLogHandler enableSystemLogQuery shutdownGracePeriod shutdownGracePeriodCriticalPods"
        " shutdownGracePeriodByPodPriority reservedMemory enableProfilingHandler enableDebugFlagsHandler"
        " seccompDefault memoryThrottlingFactor registerWithTaints registerNode tracing"
        " localStorageCapacityIsolation containerRuntimeEndpoint imageServiceEndpoint"
    ),
}

OWNED = {
    "initConfiguration": {
        "bootstrapTokens": "remove it: kubeboot makes short-lived join material itself and never stores it",
        "certificateKey": "remove it: kubeboot makes short-lived join material itself and never stores it",
    },
    "clusterConfiguration": {
        "kubernetesVersion": "use cluster.kubernetesVersion",
        "controlPlaneEndpoint": "use cluster.controlPlaneEndpoint",
        "networking": "use cluster.networking",
        "imageRepository": "use mirrors.imageRepository",
        "clusterName": "use cluster.name",
    },
    "kubeProxyConfiguration": {
        "mode": "use cluster.kubeProxy.mode",
        "clusterCIDR": "use cluster.networking.podSubnet",
    },
    "kubeletConfiguration": {
        "clusterDomain": "use cluster.networking.dnsDomain",
        "cgroupDriver": "remove it: kubeboot sets systemd here and in containerd, they must agree",
        "containerRuntimeEndpoint": "remove it: kubeboot installs containerd",
    },
}


def check_kubeadm(draft: Draft) -> None:
    """Unknown keys and kubeboot's own keys in the pass-through documents are refused."""
    for document, keys in KNOWN.items():
        known = keys.split()
        for path in draft.each("cluster", "kubeadm", document):
            if draft.is_known(path):
                _check_key(draft, path, known, OWNED[document])


def _check_key(draft: Draft, path: Path, known: list[str], owned: dict[str, str]) -> None:
    key = str(path[-1])
    if key in owned:
        draft.report_key(path, "is kubeboot's own", owned[key])
    elif key in ("apiVersion", "kind"):
        draft.report_key(path, "is kubeboot's own", "remove it: kubeboot writes the document's head")
    elif key not in known:
        guess = nearest(key, known)
        hint = f"did you mean {guess}?" if guess else "see the Kubernetes reference of this document"
        draft.report_key(path, f"{path[-2]} has no such key", hint)
