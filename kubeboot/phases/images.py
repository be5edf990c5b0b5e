"""Pull images before anything waits for them."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.context import HostContext
from kubeboot.kubeadm_config import INIT_YAML
from kubeboot.phases.containerd import pause_image
from kubeboot.phases.selections import all_hosts, builds_on_packages
from kubeboot.resources import Phase, Resource, Shell, step
from kubeboot.resources.quoting import sh, words

PULLS_AT_ONCE = 3

_MISSING = """wanted() {{ {{ printf '%s\\n' {images}; {listed}; }} | sort -u; }}
missing() {{ comm -23 <(wanted) <(ctr --timeout 20s -n k8s.io images list -q 2>/dev/null | sort -u); }}
"""
_CHECK = """left=$(missing)
[ -z "$left" ] || drift "$(wc -l <<<"$left") to pull: $(sed 's|.*/||' <<<"$left" | paste -sd' ')"
"""
_PULL = """pull() {{
  local image=$1 attempt=0 said deadline
  kb_clock
  deadline=$((NOW + KB_NETWORK_S))
  while :; do
    if said=$(crictl pull "$image" 2>&1); then echo "$image" >>"$KB_DIR/pulled"; return 0; fi
    echo "$said"
    attempt=$((attempt + 1))
    grep -qE "$KB_NETWORK_GONE" <<<"$said" || deadline=0
    kb_clock
    if [ "$attempt" -ge 3 ] && [ "$NOW" -ge "$deadline" ]; then break; fi
    sleep "$((attempt < 3 ? attempt : 3))"
  done
  echo "cannot pull $image" >&2
  return 1
}}
export -f pull kb_clock
export KB_NETWORK_GONE KB_NETWORK_S KB_DIR
missing >"$KB_DIR/missing"
: >"$KB_DIR/pulled"
progress() {{
  while sleep 1; do waiting "images: $(wc -l <"$KB_DIR/pulled") of $(wc -l <"$KB_DIR/missing") pulled"; done
}}
progress &
watching=$!
trap 'kill "$watching"' EXIT
xargs -r -n 1 -P {at_once} bash -c 'pull "$1"' pull <"$KB_DIR/missing"
"""


@step()
def pull_images(ctx: HostContext) -> Iterator[Resource]:
    """Pull the images this host will run."""
    if ctx.facts.has_kubelet_conf:
        return  # a member already runs them, and its kubelet pulls what changes
    yield images_pulled(wanted_images(ctx), is_control_plane=ctx.host.is_control_plane)


def wanted_images(ctx: HostContext) -> tuple[str, ...]:
    """What every node runs, and the add-ons' images where they will run. kubeadm itself lists a control plane's."""
    cluster = ctx.cluster
    proxy = f"{cluster.mirrors.image_repository}/kube-proxy:v{cluster.kubernetes_version}"
    addons = [addon for addon in ctx.addons if ctx.host.is_worker or addon.name == "calico"]
    return (pause_image(cluster), proxy, *(image for addon in addons for image in addon.images))


def images_pulled(images: tuple[str, ...], is_control_plane: bool) -> Shell:
    """Images present in containerd, pulled through the CRI with its mirrors and logins."""
    listed = f"kubeadm config images list --config {sh(INIT_YAML)} 2>/dev/null" if is_control_plane else ":"
    missing = _MISSING.format(images=words(*images), listed=listed)
    return Shell(
        "images",
        check_text=missing + _CHECK,
        diff_text=missing + "missing",
        apply_text=missing + _PULL.format(at_once=PULLS_AT_ONCE),
    )


IMAGES = Phase(name="images", title="Pull images", select=all_hosts, steps=(pull_images,), builds_on=builds_on_packages)
