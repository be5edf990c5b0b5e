# kubeboot: phase kubeadm on a control-plane, after the prelude
check_0() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_check /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
diff_0() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_diff /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
apply_0() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_apply /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
check_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
bootstrapTokens:
- ttl: 30m0s
  description: made by kubeboot
  usages: [signing, authentication]
  groups: ["system:bootstrappers:kubeadm:default-node-token"]
localAPIEndpoint:
  advertiseAddress: "192.168.10.11"
  bindPort: 6443
nodeRegistration:
  name: "cp1"
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
    node-ip: "192.168.10.11"
  taints: [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}]
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
clusterName: "lab"
kubernetesVersion: v1.29.15
controlPlaneEndpoint: "192.168.10.11:6443"
imageRepository: registry.k8s.io
networking:
  podSubnet: "10.88.0.0/16"
  serviceSubnet: "10.96.0.0/16"
  dnsDomain: "cluster.local"
apiServer:
  certSANs: ["192.168.10.11", "127.0.0.1", "localhost", "cp1"]
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
KUBEBOOT_END
}
file_check /etc/kubernetes/kubeboot/init.yaml 0600 root:root ''
}
diff_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
bootstrapTokens:
- ttl: 30m0s
  description: made by kubeboot
  usages: [signing, authentication]
  groups: ["system:bootstrappers:kubeadm:default-node-token"]
localAPIEndpoint:
  advertiseAddress: "192.168.10.11"
  bindPort: 6443
nodeRegistration:
  name: "cp1"
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
    node-ip: "192.168.10.11"
  taints: [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}]
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
clusterName: "lab"
kubernetesVersion: v1.29.15
controlPlaneEndpoint: "192.168.10.11:6443"
imageRepository: registry.k8s.io
networking:
  podSubnet: "10.88.0.0/16"
  serviceSubnet: "10.96.0.0/16"
  dnsDomain: "cluster.local"
apiServer:
  certSANs: ["192.168.10.11", "127.0.0.1", "localhost", "cp1"]
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
KUBEBOOT_END
}
file_diff /etc/kubernetes/kubeboot/init.yaml 0600 root:root ''
}
apply_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
bootstrapTokens:
- ttl: 30m0s
  description: made by kubeboot
  usages: [signing, authentication]
  groups: ["system:bootstrappers:kubeadm:default-node-token"]
localAPIEndpoint:
  advertiseAddress: "192.168.10.11"
  bindPort: 6443
nodeRegistration:
  name: "cp1"
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
    node-ip: "192.168.10.11"
  taints: [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}]
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
clusterName: "lab"
kubernetesVersion: v1.29.15
controlPlaneEndpoint: "192.168.10.11:6443"
imageRepository: registry.k8s.io
networking:
  podSubnet: "10.88.0.0/16"
  serviceSubnet: "10.96.0.0/16"
  dnsDomain: "cluster.local"
apiServer:
  certSANs: ["192.168.10.11", "127.0.0.1", "localhost", "cp1"]
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
KUBEBOOT_END
}
file_apply /etc/kubernetes/kubeboot/init.yaml 0600 root:root ''
}
check_2() {
service_check kubelet enabled
}
apply_2() {
service_apply kubelet enabled
}
main() {
kb_lock
kb_record S mark-host
kb_resource 0 'file /etc/kubernetes/kubeboot/cluster' 1 1
kb_record S write-init-configuration
kb_resource 1 'file /etc/kubernetes/kubeboot/init.yaml' 1 1
kb_record S enable-kubelet
kb_resource 2 'service kubelet' 1 0
kb_end 'done'
}
main
