# Join tokens that are still there: their names and ends, never the secret half.
kubectl -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token --no-headers \
  -o custom-columns=N:.metadata.name,E:.data.expiration >"$KB_DIR/tokens" || exit 0
while read -r name ends; do
  name=${name#bootstrap-token-}
  if [ "$ends" = '<none>' ]; then
    found "bootstrap token $name never expires"
  else
    found "bootstrap token $name is left, valid until $(base64 -d <<<"$ends")"
  fi
done <"$KB_DIR/tokens"
