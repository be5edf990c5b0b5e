# INIT_YAML is set. The key goes into a file that dies with the unit, never into an argument.
key=$(kubeadm certs certificate-key)
umask 077
sed "s/^kind: InitConfiguration\$/&\ncertificateKey: $key/" "$INIT_YAML" >"$(secret share.yaml)"
kubeadm init phase upload-certs --upload-certs --skip-certificate-key-print --config "$(secret share.yaml)"
output certificate-key <<<"$key"
: >"$KB_DIR/certificates-shared"
