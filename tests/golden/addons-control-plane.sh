# kubeboot: phase addons on a control-plane, after the prelude
check_0() {
condition() {
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
kubectl --request-timeout=5s get --raw /readyz >/dev/null
}
explain() {
:
}
wait_for 'the API server to answer' 120 1
}
check_1() {
LATER='' NEEDS=''
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
ADDON=calico VERSION=3.27.5
NAMESPACE=kube-system DIGEST=2052138a6e1819d5d6a9180484275134535234b1cd70b566e62fed2058cb0e0c
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: v1
kind: ConfigMap
metadata: {name: calico-config, namespace: kube-system}
KUBEBOOT_END
}
# ADDON, VERSION, NAMESPACE and DIGEST are set, to apply also LATER and NEEDS; manifest() prints the objects. kubectl says "configured" for objects that do
# not change, so what counts is each object's generation (or resourceVersion where there is none and nobody else writes it).
record_name="kubeboot-addon-$ADDON"
columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.metadata.uid,G:.metadata.generation,R:.metadata.resourceVersion
objects_now() {
  local found
  found=$(manifest | kubectl --request-timeout=60s get -n "$NAMESPACE" -f - --ignore-not-found --no-headers -o custom-columns="$columns") || return 1
  awk '$1 == "Job" { next }
    $5 != "<none>" { print $1, $2, $3, $4, $5; next }
    $1 ~ /^(ConfigMap|Role|ClusterRole|RoleBinding|ClusterRoleBinding)$/ { print $1, $2, $3, $4, $6; next }
    { print $1, $2, $3, $4 }' <<<"$found" | sort
}
record_now() {
  kubectl --request-timeout=20s -n kube-system get configmap "$record_name" --ignore-not-found -o "jsonpath={.data.digest}{'\n'}{.data.objects}"
}
addon_check() {
  local record digest
  record=$(record_now)
  digest=${record%%$'\n'*}
  [ -n "$digest" ] || drift "not applied yet"
  [ "$digest" = "$DIGEST" ] || drift "the manifest is another than the one applied"
  local now changed
  # A definition that is gone takes its objects along; any other trouble is the API's, and no reason to apply anything.
  now=$(objects_now 2>"$KB_DIR/api-error") || case $(cat "$KB_DIR/api-error") in
    *"no matches for kind"*) drift "a custom resource definition is gone" ;;
    *) fail "$(cat "$KB_DIR/api-error")" ;;
  esac
  changed=$({ diff <(tail -n +2 <<<"$record") - <<<"$now" || true; } | awk '/^[<>]/ { print $2 " " $4 }' | sort -u | head -5 | paste -sd, -)
  [ -z "$changed" ] || drift "changed in the cluster since: $changed"
}
# By the API server's own dry run. An object whose kind it does not know yet is not told, and nor are the temporary files.
addon_diff() {
  local said
  mkdir -p "$KB_DIR/diff"
  said=$(manifest | TMPDIR=$KB_DIR/diff KUBECTL_EXTERNAL_DIFF="diff -u -N" kubectl --request-timeout=60s diff -n "$NAMESPACE" \
    --server-side --force-conflicts --field-manager=kubeboot -f - 2>"$KB_DIR/diff.said") || true
  rm -rf "$KB_DIR/diff"
  if [ -z "$said" ]; then echo "(what was changed is nothing that the manifest sets)"; return; fi
  sed -E '/^diff /d; s|^(---) \S*/LIVE-[0-9]+/(\S+).*|\1 \2 (now)|; s|^(\+\+\+) \S*/MERGED-[0-9]+/(\S+).*|\1 \2 (wanted)|' <<<"$said"
}
apply_objects() {
  local apply=(kubectl apply -n "$NAMESPACE" --server-side --force-conflicts --field-manager=kubeboot -f -)
  if [ -z "$LATER" ]; then
    manifest | "${apply[@]}"
    return
  fi
  manifest | "${apply[@]}" -l "${LATER/=/!=}" || return
  kb_clock
  local began=$NOW
  until [ -n "$(kubectl -n "$NAMESPACE" get "$NEEDS" --ignore-not-found -o name)" ] || [ "$NOW" -ge "$((began + 60))" ]; do
    # Where no node takes the pod that makes it, the wait for the rollout says so.
    if [ "$NOW" -ge "$((began + 10))" ] && kubectl -n "$NAMESPACE" get pods -o yaml | grep -q 'reason: Unschedulable'; then break; fi
    waiting "$NEEDS, which the add-on makes itself"
    sleep 0.5
    kb_clock
  done
  manifest | "${apply[@]}" -l "$LATER"
}
addon_apply() {
  kubectl -n kube-system delete configmap "$record_name" --ignore-not-found
  local attempt
  for attempt in 1 2 3 4 5; do
    if apply_objects >"$KB_DIR/applied" 2>&1; then
      tail -n 3 "$KB_DIR/applied"
      kubectl -n kube-system create configmap "$record_name" --from-literal=digest=pending --dry-run=client -o yaml | kubectl apply -f - >/dev/null
      record_write
      return 0
    fi
    # A custom resource can only be known a moment after its definition, and a webhook when its pod is up.
    grep -v serverside-applied "$KB_DIR/applied"
    sleep "$attempt"
  done
  return 1
}
record_write() {
  kubectl -n kube-system create configmap "$record_name" --from-literal=digest="$DIGEST" --from-literal=version="$VERSION" \
    --from-literal=objects="$(objects_now)" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f - >/dev/null
}
record_check() { addon_check; }
record_apply() { record_write; }
addon_check
}
diff_1() {
LATER='' NEEDS=''
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
ADDON=calico VERSION=3.27.5
NAMESPACE=kube-system DIGEST=2052138a6e1819d5d6a9180484275134535234b1cd70b566e62fed2058cb0e0c
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: v1
kind: ConfigMap
metadata: {name: calico-config, namespace: kube-system}
KUBEBOOT_END
}
# ADDON, VERSION, NAMESPACE and DIGEST are set, to apply also LATER and NEEDS; manifest() prints the objects. kubectl says "configured" for objects that do
# not change, so what counts is each object's generation (or resourceVersion where there is none and nobody else writes it).
record_name="kubeboot-addon-$ADDON"
columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.metadata.uid,G:.metadata.generation,R:.metadata.resourceVersion
objects_now() {
  local found
  found=$(manifest | kubectl --request-timeout=60s get -n "$NAMESPACE" -f - --ignore-not-found --no-headers -o custom-columns="$columns") || return 1
  awk '$1 == "Job" { next }
    $5 != "<none>" { print $1, $2, $3, $4, $5; next }
    $1 ~ /^(ConfigMap|Role|ClusterRole|RoleBinding|ClusterRoleBinding)$/ { print $1, $2, $3, $4, $6; next }
    { print $1, $2, $3, $4 }' <<<"$found" | sort
}
record_now() {
  kubectl --request-timeout=20s -n kube-system get configmap "$record_name" --ignore-not-found -o "jsonpath={.data.digest}{'\n'}{.data.objects}"
}
addon_check() {
  local record digest
  record=$(record_now)
  digest=${record%%$'\n'*}
  [ -n "$digest" ] || drift "not applied yet"
  [ "$digest" = "$DIGEST" ] || drift "the manifest is another than the one applied"
  local now changed
  # A definition that is gone takes its objects along; any other trouble is the API's, and no reason to apply anything.
  now=$(objects_now 2>"$KB_DIR/api-error") || case $(cat "$KB_DIR/api-error") in
    *"no matches for kind"*) drift "a custom resource definition is gone" ;;
    *) fail "$(cat "$KB_DIR/api-error")" ;;
  esac
  changed=$({ diff <(tail -n +2 <<<"$record") - <<<"$now" || true; } | awk '/^[<>]/ { print $2 " " $4 }' | sort -u | head -5 | paste -sd, -)
  [ -z "$changed" ] || drift "changed in the cluster since: $changed"
}
# By the API server's own dry run. An object whose kind it does not know yet is not told, and nor are the temporary files.
addon_diff() {
  local said
  mkdir -p "$KB_DIR/diff"
  said=$(manifest | TMPDIR=$KB_DIR/diff KUBECTL_EXTERNAL_DIFF="diff -u -N" kubectl --request-timeout=60s diff -n "$NAMESPACE" \
    --server-side --force-conflicts --field-manager=kubeboot -f - 2>"$KB_DIR/diff.said") || true
  rm -rf "$KB_DIR/diff"
  if [ -z "$said" ]; then echo "(what was changed is nothing that the manifest sets)"; return; fi
  sed -E '/^diff /d; s|^(---) \S*/LIVE-[0-9]+/(\S+).*|\1 \2 (now)|; s|^(\+\+\+) \S*/MERGED-[0-9]+/(\S+).*|\1 \2 (wanted)|' <<<"$said"
}
apply_objects() {
  local apply=(kubectl apply -n "$NAMESPACE" --server-side --force-conflicts --field-manager=kubeboot -f -)
  if [ -z "$LATER" ]; then
    manifest | "${apply[@]}"
    return
  fi
  manifest | "${apply[@]}" -l "${LATER/=/!=}" || return
  kb_clock
  local began=$NOW
  until [ -n "$(kubectl -n "$NAMESPACE" get "$NEEDS" --ignore-not-found -o name)" ] || [ "$NOW" -ge "$((began + 60))" ]; do
    # Where no node takes the pod that makes it, the wait for the rollout says so.
    if [ "$NOW" -ge "$((began + 10))" ] && kubectl -n "$NAMESPACE" get pods -o yaml | grep -q 'reason: Unschedulable'; then break; fi
    waiting "$NEEDS, which the add-on makes itself"
    sleep 0.5
    kb_clock
  done
  manifest | "${apply[@]}" -l "$LATER"
}
addon_apply() {
  kubectl -n kube-system delete configmap "$record_name" --ignore-not-found
  local attempt
  for attempt in 1 2 3 4 5; do
    if apply_objects >"$KB_DIR/applied" 2>&1; then
      tail -n 3 "$KB_DIR/applied"
      kubectl -n kube-system create configmap "$record_name" --from-literal=digest=pending --dry-run=client -o yaml | kubectl apply -f - >/dev/null
      record_write
      return 0
    fi
    # A custom resource can only be known a moment after its definition, and a webhook when its pod is up.
    grep -v serverside-applied "$KB_DIR/applied"
    sleep "$attempt"
  done
  return 1
}
record_write() {
  kubectl -n kube-system create configmap "$record_name" --from-literal=digest="$DIGEST" --from-literal=version="$VERSION" \
    --from-literal=objects="$(objects_now)" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f - >/dev/null
}
record_check() { addon_check; }
record_apply() { record_write; }
addon_diff
}
apply_1() {
LATER='' NEEDS=''
[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'
ADDON=calico VERSION=3.27.5
NAMESPACE=kube-system DIGEST=2052138a6e1819d5d6a9180484275134535234b1cd70b566e62fed2058cb0e0c
manifest() {
cat <<'KUBEBOOT_END'
apiVersion: v1
kind: ConfigMap
metadata: {name: calico-config, namespace: kube-system}
KUBEBOOT_END
}
# ADDON, VERSION, NAMESPACE and DIGEST are set, to apply also LATER and NEEDS; manifest() prints the objects. kubectl says "configured" for objects that do
# not change, so what counts is each object's generation (or resourceVersion where there is none and nobody else writes it).
record_name="kubeboot-addon-$ADDON"
columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.metadata.uid,G:.metadata.generation,R:.metadata.resourceVersion
objects_now() {
  local found
  found=$(manifest | kubectl --request-timeout=60s get -n "$NAMESPACE" -f - --ignore-not-found --no-headers -o custom-columns="$columns") || return 1
  awk '$1 == "Job" { next }
    $5 != "<none>" { print $1, $2, $3, $4, $5; next }
    $1 ~ /^(ConfigMap|Role|ClusterRole|RoleBinding|ClusterRoleBinding)$/ { print $1, $2, $3, $4, $6; next }
    { print $1, $2, $3, $4 }' <<<"$found" | sort
}
record_now() {
  kubectl --request-timeout=20s -n kube-system get configmap "$record_name" --ignore-not-found -o "jsonpath={.data.digest}{'\n'}{.data.objects}"
}
addon_check() {
  local record digest
  record=$(record_now)
  digest=${record%%$'\n'*}
  [ -n "$digest" ] || drift "not applied yet"
  [ "$digest" = "$DIGEST" ] || drift "the manifest is another than the one applied"
  local now changed
  # A definition that is gone takes its objects along; any other trouble is the API's, and no reason to apply anything.
  now=$(objects_now 2>"$KB_DIR/api-error") || case $(cat "$KB_DIR/api-error") in
    *"no matches for kind"*) drift "a custom resource definition is gone" ;;
    *) fail "$(cat "$KB_DIR/api-error")" ;;
  esac
  changed=$({ diff <(tail -n +2 <<<"$record") - <<<"$now" || true; } | awk '/^[<>]/ { print $2 " " $4 }' | sort -u | head -5 | paste -sd, -)
  [ -z "$changed" ] || drift "changed in the cluster since: $changed"
}
# By the API server's own dry run. An object whose kind it does not know yet is not told, and nor are the temporary files.
addon_diff() {
  local said
  mkdir -p "$KB_DIR/diff"
  said=$(manifest | TMPDIR=$KB_DIR/diff KUBECTL_EXTERNAL_DIFF="diff -u -N" kubectl --request-timeout=60s diff -n "$NAMESPACE" \
    --server-side --force-conflicts --field-manager=kubeboot -f - 2>"$KB_DIR/diff.said") || true
  rm -rf "$KB_DIR/diff"
  if [ -z "$said" ]; then echo "(what was changed is nothing that the manifest sets)"; return; fi
  sed -E '/^diff /d; s|^(---) \S*/LIVE-[0-9]+/(\S+).*|\1 \2 (now)|; s|^(\+\+\+) \S*/MERGED-[0-9]+/(\S+).*|\1 \2 (wanted)|' <<<"$said"
}
apply_objects() {
  local apply=(kubectl apply -n "$NAMESPACE" --server-side --force-conflicts --field-manager=kubeboot -f -)
  if [ -z "$LATER" ]; then
    manifest | "${apply[@]}"
    return
  fi
  manifest | "${apply[@]}" -l "${LATER/=/!=}" || return
  kb_clock
  local began=$NOW
  until [ -n "$(kubectl -n "$NAMESPACE" get "$NEEDS" --ignore-not-found -o name)" ] || [ "$NOW" -ge "$((began + 60))" ]; do
    # Where no node takes the pod that makes it, the wait for the rollout says so.
    if [ "$NOW" -ge "$((began + 10))" ] && kubectl -n "$NAMESPACE" get pods -o yaml | grep -q 'reason: Unschedulable'; then break; fi
    waiting "$NEEDS, which the add-on makes itself"
    sleep 0.5
    kb_clock
  done
  manifest | "${apply[@]}" -l "$LATER"
}
addon_apply() {
  kubectl -n kube-system delete configmap "$record_name" --ignore-not-found
  local attempt
  for attempt in 1 2 3 4 5; do
    if apply_objects >"$KB_DIR/applied" 2>&1; then
      tail -n 3 "$KB_DIR/applied"
      kubectl -n kube-system create configmap "$record_name" --from-literal=digest=pending --dry-run=client -o yaml | kubectl apply -f - >/dev/null
      record_write
      return 0
    fi
    # A custom resource can only be known a moment after its definition, and a webhook when its pod is up.
    grep -v serverside-applied "$KB_DIR/applied"
    sleep "$attempt"
  done
  return 1
}
record_write() {
  kubectl -n kube-system create configmap "$record_name" --from-literal=digest="$DIGEST" --from-literal=version="$VERSION" \
    --from-literal=objects="$(objects_now)" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --field-manager=kubeboot -f - >/dev/null
}
record_check() { addon_check; }
record_apply() { record_write; }
addon_apply
}
main() {
kb_start
kb_step wait-for-api
kb_resource 0 'the API server to answer' wait 0
kb_step apply-calico
kb_resource 1 'add-on calico 3.27.5' 1 1
kb_end 'done'
}
main
