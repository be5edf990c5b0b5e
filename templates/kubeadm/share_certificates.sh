# INIT_YAML is set. The key goes into a file that dies with the unit, never into an argument.
key=$(kubeadm certs certificate-key)
hide "$key"
umask 077
while IFS= read -r line; do
  printf '%s\n' "$line"
  if [ "$line" = "kind: InitConfiguration" ]; then printf 'certificateKey: %s\n' "$key"; fi
done <"$INIT_YAML" >"$(secret share.yaml)"
kubeadm init phase upload-certs --upload-certs --skip-certificate-key-print --config "$(secret share.yaml)"
# By this mark they are known as kubeboot's: what a user shares is not for kubeboot to delete.
kubectl --request-timeout=20s -n kube-system label secret kubeadm-certs app.kubernetes.io/managed-by=kubeboot
secret_output certificate-key <<<"$key"
: >"$KB_DIR/certificates-shared"
