# Every certificate that kubeadm and the kubelet keep here: expired, or within 30 days.
command -v openssl >/dev/null || exit 0
judge() {
  local ends
  ends=$(openssl x509 -noout -enddate 2>/dev/null <"$KB_DIR/certificate") || return 0
  ends=${ends#notAfter=}
  if ! openssl x509 -noout -checkend 0 <"$KB_DIR/certificate" >/dev/null; then
    found "the certificate $1 expired on $ends"
  elif ! openssl x509 -noout -checkend 2592000 <"$KB_DIR/certificate" >/dev/null; then
    found "the certificate $1 expires on $ends"
  fi
}
for path in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem /var/lib/kubelet/pki/kubelet.crt; do
  [ -e "$path" ] || continue
  sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$path" >"$KB_DIR/certificate"
  judge "$path"
done
for path in /etc/kubernetes/*.conf; do
  [ -e "$path" ] || continue
  sed -n 's/^ *client-certificate-data: *//p' "$path" | head -n 1 | base64 -d >"$KB_DIR/certificate" 2>/dev/null || continue
  judge "$path"
done
