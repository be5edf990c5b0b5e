# kubeboot: phase host-prep on a worker, after the prelude
check_0() {
hostname_check w1
}
apply_0() {
hostname_apply w1
}
check_1() {
content() {
cat <<'KUBEBOOT_END'
# BEGIN kubeboot hosts (managed by kubeboot)
192.168.10.11 cp1
192.168.10.21 w1
# END kubeboot hosts (managed by kubeboot)
KUBEBOOT_END
}
block_check /etc/hosts '# BEGIN kubeboot hosts (managed by kubeboot)' '# END kubeboot hosts (managed by kubeboot)'
}
diff_1() {
content() {
cat <<'KUBEBOOT_END'
# BEGIN kubeboot hosts (managed by kubeboot)
192.168.10.11 cp1
192.168.10.21 w1
# END kubeboot hosts (managed by kubeboot)
KUBEBOOT_END
}
block_diff /etc/hosts '# BEGIN kubeboot hosts (managed by kubeboot)' '# END kubeboot hosts (managed by kubeboot)'
}
apply_1() {
content() {
cat <<'KUBEBOOT_END'
# BEGIN kubeboot hosts (managed by kubeboot)
192.168.10.11 cp1
192.168.10.21 w1
# END kubeboot hosts (managed by kubeboot)
KUBEBOOT_END
}
block_apply /etc/hosts '# BEGIN kubeboot hosts (managed by kubeboot)' '# END kubeboot hosts (managed by kubeboot)'
}
check_2() {
swap_check
}
apply_2() {
swap_apply
}
check_3() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
overlay
br_netfilter
nf_conntrack
ip_vs
ip_vs_rr
ip_vs_wrr
ip_vs_sh
KUBEBOOT_END
}
modules_check /etc/modules-load.d/kubeboot.conf overlay br_netfilter nf_conntrack ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh
}
apply_3() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
overlay
br_netfilter
nf_conntrack
ip_vs
ip_vs_rr
ip_vs_wrr
ip_vs_sh
KUBEBOOT_END
}
modules_apply /etc/modules-load.d/kubeboot.conf overlay br_netfilter nf_conntrack ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh
}
check_4() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
vm.swappiness = 0
vm.overcommit_memory = 1
vm.panic_on_oom = 0
fs.inotify.max_user_instances = 8192
fs.inotify.max_user_watches = 1048576
fs.file-max = 52706963
fs.nr_open = 52706963
net.netfilter.nf_conntrack_max = 2130720
KUBEBOOT_END
}
sysctls_check /etc/sysctl.d/99-zz-kubeboot.conf
}
diff_4() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
vm.swappiness = 0
vm.overcommit_memory = 1
vm.panic_on_oom = 0
fs.inotify.max_user_instances = 8192
fs.inotify.max_user_watches = 1048576
fs.file-max = 52706963
fs.nr_open = 52706963
net.netfilter.nf_conntrack_max = 2130720
KUBEBOOT_END
}
sysctls_diff /etc/sysctl.d/99-zz-kubeboot.conf
}
apply_4() {
content() {
cat <<'KUBEBOOT_END'
# Managed by kubeboot
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
vm.swappiness = 0
vm.overcommit_memory = 1
vm.panic_on_oom = 0
fs.inotify.max_user_instances = 8192
fs.inotify.max_user_watches = 1048576
fs.file-max = 52706963
fs.nr_open = 52706963
net.netfilter.nf_conntrack_max = 2130720
KUBEBOOT_END
}
sysctls_apply /etc/sysctl.d/99-zz-kubeboot.conf
}
main() {
kb_start
kb_step set-host-name
kb_resource 0 'host name w1' 1 0
kb_step write-hosts-file
kb_resource 1 'block kubeboot hosts in /etc/hosts' 1 1
kb_step disable-swap
kb_resource 2 'swap off' 1 0
kb_step load-kernel-modules
kb_resource 3 'kernel modules overlay, br_netfilter, nf_conntrack, ip_vs, ip_vs_rr, ip_vs_wrr, ip_vs_sh' 1 0
kb_step set-kernel-parameters
kb_resource 4 '11 kernel parameters in /etc/sysctl.d/99-zz-kubeboot.conf' 1 1
kb_end 'done'
}
main
