# kubeboot: phase kubeadm on a worker, after the prelude
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
service_check kubelet enabled
}
apply_1() {
service_apply kubelet enabled
}
main() {
kb_lock
kb_record S mark-host
kb_resource 0 'file /etc/kubernetes/kubeboot/cluster' 1 1
kb_record S enable-kubelet
kb_resource 1 'service kubelet' 1 0
kb_end 'done'
}
main
