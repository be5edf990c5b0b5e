# kubeboot: phase packages on a control-plane, after the prelude
check_0() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable
Signed-By: /etc/apt/keyrings/docker.asc
KUBEBOOT_END
}
apt_repository_check docker /etc/apt/keyrings/docker.asc https://download.docker.com/linux/debian/gpg ''
}
diff_0() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable
Signed-By: /etc/apt/keyrings/docker.asc
KUBEBOOT_END
}
apt_repository_diff docker /etc/apt/keyrings/docker.asc https://download.docker.com/linux/debian/gpg ''
}
apply_0() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable
Signed-By: /etc/apt/keyrings/docker.asc
KUBEBOOT_END
}
apt_repository_apply docker /etc/apt/keyrings/docker.asc https://download.docker.com/linux/debian/gpg ''
}
check_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://pkgs.k8s.io/core:/stable:/v1.29/deb/
Suites: /
Signed-By: /etc/apt/keyrings/kubernetes.asc
KUBEBOOT_END
}
apt_repository_check kubernetes /etc/apt/keyrings/kubernetes.asc https://pkgs.k8s.io/release.key ''
}
diff_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://pkgs.k8s.io/core:/stable:/v1.29/deb/
Suites: /
Signed-By: /etc/apt/keyrings/kubernetes.asc
KUBEBOOT_END
}
apt_repository_diff kubernetes /etc/apt/keyrings/kubernetes.asc https://pkgs.k8s.io/release.key ''
}
apply_1() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
Types: deb
URIs: https://pkgs.k8s.io/core:/stable:/v1.29/deb/
Suites: /
Signed-By: /etc/apt/keyrings/kubernetes.asc
KUBEBOOT_END
}
apt_repository_apply kubernetes /etc/apt/keyrings/kubernetes.asc https://pkgs.k8s.io/release.key ''
}
check_2() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
KUBEBOOT_END
}
file_check /etc/containerd/config.toml 0644 root:root containerd
}
diff_2() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
KUBEBOOT_END
}
file_diff /etc/containerd/config.toml 0644 root:root containerd
}
apply_2() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
KUBEBOOT_END
}
file_apply /etc/containerd/config.toml 0644 root:root containerd
}
check_3() {
packages_check ca-certificates chrony conntrack curl ebtables ethtool gnupg ipset iptables iputils-ping ipvsadm jq nfs-common socat containerd.io kubeadm=1.29.15 kubelet=1.29.15 kubectl=1.29.15
}
diff_3() {
packages_diff ca-certificates chrony conntrack curl ebtables ethtool gnupg ipset iptables iputils-ping ipvsadm jq nfs-common socat containerd.io kubeadm=1.29.15 kubelet=1.29.15 kubectl=1.29.15
}
apply_3() {
packages_apply ca-certificates chrony conntrack curl ebtables ethtool gnupg ipset iptables iputils-ping ipvsadm jq nfs-common socat containerd.io kubeadm=1.29.15 kubelet=1.29.15 kubectl=1.29.15
}
check_4() {
packages_hold_check containerd.io kubeadm kubelet kubectl
}
apply_4() {
apt-mark hold containerd.io kubeadm kubelet kubectl
}
check_5() {
service_check chrony running
}
apply_5() {
service_apply chrony running
}
check_6() {
service_check containerd running
}
apply_6() {
service_apply containerd running
}
check_7() {
ctr --timeout 10s version >/dev/null 2>&1 || drift 'its socket does not answer'
}
apply_7() {
systemctl restart containerd; sleep 1; ctr --timeout 20s version
}
check_8() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_check /etc/crictl.yaml 0644 root:root ''
}
diff_8() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_diff /etc/crictl.yaml 0644 root:root ''
}
apply_8() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_apply /etc/crictl.yaml 0644 root:root ''
}
check_9() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_check /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
diff_9() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_diff /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
apply_9() {
content() {
cat <<'KUBEBOOT_END'
lab
KUBEBOOT_END
}
file_apply /etc/kubernetes/kubeboot/cluster 0644 root:root ''
}
check_10() {
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
diff_10() {
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
apply_10() {
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
check_11() {
service_check kubelet enabled
}
apply_11() {
service_apply kubelet enabled
}
main() {
kb_start
kb_step add-containerd-repository
kb_resource 0 'package repository docker' 1 1
kb_step add-kubernetes-repository
kb_resource 1 'package repository kubernetes' 1 1
kb_step configure-containerd
kb_resource 2 'file /etc/containerd/config.toml' 1 1
kb_step install-packages
kb_resource 3 'packages ca-certificates, chrony, conntrack, curl, ebtables, ethtool, gnupg, ipset, iptables, iputils-ping, ipvsadm, jq, nfs-common, socat, containerd.io, kubeadm=1.29.15, kubelet=1.29.15, kubectl=1.29.15' 1 1
kb_step hold-packages
kb_resource 4 'hold containerd.io, kubeadm, kubelet, kubectl' 1 0
kb_step sync-time
kb_resource 5 'service chrony' 1 0
kb_step start-containerd
kb_resource 6 'service containerd' 1 0
kb_resource 7 'containerd answers' 1 0
kb_step configure-crictl
kb_resource 8 'file /etc/crictl.yaml' 1 1
kb_step mark-host
kb_resource 9 'file /etc/kubernetes/kubeboot/cluster' 1 1
kb_step write-init-configuration
kb_resource 10 'file /etc/kubernetes/kubeboot/init.yaml' 1 1
kb_step enable-kubelet
kb_resource 11 'service kubelet' 1 0
kb_end 'done'
}
main
