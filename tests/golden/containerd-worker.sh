# kubeboot: phase containerd on a worker, after the prelude
check_0() {
service_check containerd running
}
apply_0() {
service_apply containerd running
}
check_1() {
ctr --timeout 10s version >/dev/null 2>&1 || drift 'its socket does not answer'
}
apply_1() {
systemctl restart containerd; sleep 1; ctr --timeout 20s version
}
check_2() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_check /etc/crictl.yaml 0644 root:root ''
}
diff_2() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_diff /etc/crictl.yaml 0644 root:root ''
}
apply_2() {
content() {
cat <<'KUBEBOOT_END'
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
timeout: 30
KUBEBOOT_END
}
file_apply /etc/crictl.yaml 0644 root:root ''
}
main() {
kb_lock
kb_record S start-containerd
kb_resource 0 'service containerd' 1 0
kb_resource 1 'containerd answers' 1 0
kb_record S configure-crictl
kb_resource 2 'file /etc/crictl.yaml' 1 1
kb_end 'done'
}
main
