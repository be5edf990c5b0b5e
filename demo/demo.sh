#!/usr/bin/env bash
# The demo: three bare hosts become a cluster, a page comes through the ingress, a second run changes nothing; a plan before,
# a look and a report after.
# `make demo` sets up and builds what this needs. Whatever happens, the hosts are gone at the end.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export KUBEBOOT_LAB=${KUBEBOOT_LAB:-demo}
PATH=$root/lab:$PATH
page=hello.example.com
work=$(mktemp -d)
cd "$work"
export XDG_STATE_HOME=$work/state # the demo's runs are not the user's

finish() {
  local code=$?
  trap '' INT TERM
  case $code in
    0) ;;
    130 | 143) printf '\n== The demo was interrupted\n' ;;
    *) printf '\n== The demo failed (exit %s)\n' "$code" ;;
  esac
  say "Down: nothing of the hosts is left"
  lab down || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n== %s\n' "$*"; }
on_node1() {
  printf '\nnode1$ %s\n' "$*"
  lab ssh node1 "$*"
}
# Commands of the controller run where the hosts can be reached.
kubeboot() {
  printf '$ kubeboot %s\n' "$*"
  lab ctl "$root/.venv/bin/kubeboot" "$@"
}

# The lab's inventory with the demo's application, broken into lines of at most 80 columns.
inventory() {
  lab inventory | sed -E \
    -e 's/ +# .*$//; s/(podSubnet: [^,]*), /\1,\n    /' \
    -e 's/, hostKey:/,\n     hostKey:/; s/", roles:/",\n     roles:/' \
    -e 's/", key:/",\n    key:/; s/, identityFile:/,\n  identityFile:/' \
    -e "s|^addons:|&\n  manifests:\n    - {name: hello, path: $root/demo/hello.yaml}|"
}

say 'Three bare hosts: Debian 12 with sshd, nothing of Kubernetes'
lab down >/dev/null 2>&1 || true # what a killed demo left
lab up 3
on_node1 'type kubeadm kubelet containerd' || true

say 'The inventory: what the cluster should be'
inventory >inventory.yaml
cat inventory.yaml

say 'What would kubeboot do? (its steps; the differences are left out here)'
code=0
kubeboot plan -i inventory.yaml >plan.txt || code=$?
awk 'NR == 1 || /^[a-z-]+$/ || /^  [^ ]/; /^HOST/ { is_end = 1; print "" } is_end' plan.txt
[ "$code" = 5 ] # changes are pending

say 'Make it so'
kubeboot init -i inventory.yaml

say 'The cluster'
on_node1 kubectl get nodes
on_node1 kubectl get pods -A -o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,NODE:.spec.nodeName,PHASE:.status.phase

say 'A page by host name, through the ingress'
where=$(lab ssh node1 kubectl -n ingress-nginx get pods -l app.kubernetes.io/component=controller \
  -o "jsonpath='{.items[0].status.hostIP}'")
echo "\$ curl --resolve $page:80:$where http://$page/"
# The controller learns of the pods a moment after they are up: until then it says 503.
lab ctl curl --silent --show-error --fail --retry 20 --retry-delay 1 --retry-all-errors \
  --resolve "$page:80:$where" "http://$page/" 2>curl.txt || { cat curl.txt; exit 1; }

say 'The same command again'
kubeboot init -i inventory.yaml | tee second.txt | fold -s -w 80
grep -q '^0 changed, ' second.txt

say 'Is all still as the inventory says?'
kubeboot verify -i inventory.yaml | fold -s -w 80
kubeboot status -i inventory.yaml

say 'What happened, as one page for the browser'
first=$(lab ctl "$root/.venv/bin/kubeboot" report --list -i inventory.yaml | awk '$2 == "init" { run = $1 } END { print run }')
kubeboot report "$first" -i inventory.yaml --html "$root/kubeboot-report-demo.html"
