"""The types of the inventory's single values: pydantic's hooks into `syntax`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from kubeboot.inventory import syntax, versions


def _or_empty(check: Callable[[str], str]) -> AfterValidator:
    """The empty string stands for "not given" where a key is optional. The check's docstring stays: users read it."""

    @wraps(check)
    def check_given(value: str) -> str:
        return check(value) if value else ""

    return AfterValidator(check_given)


def _example(*examples: Any) -> Any:
    """For `kubeboot inventory explain` and for editors; a field's own examples come before those of its type."""
    return Field(examples=list(examples))


KubernetesVersion = Annotated[
    str, BeforeValidator(versions.kubernetes_version, json_schema_input_type=str), _example("1.29.15")
]
AddonVersion = Annotated[str, AfterValidator(versions.addon_version), _example("3.27.5")]
DnsLabel = Annotated[str, AfterValidator(syntax.dns_label), _example("lab")]
DnsName = Annotated[str, AfterValidator(syntax.dns_name), _example("cluster.local")]
HostName = Annotated[str, AfterValidator(syntax.host_name), _example("worker1")]
Address = Annotated[str, AfterValidator(syntax.address), _example("192.168.10.11")]
Subnet = Annotated[str, AfterValidator(syntax.subnet), _example("10.88.0.0/16")]
MaybeEndpoint = Annotated[str, _or_empty(syntax.endpoint), _example("k8s.example.com:6443")]
TimeServer = Annotated[str, AfterValidator(syntax.time_server), _example("ntp.example.com")]
User = Annotated[str, AfterValidator(syntax.user), _example("ops")]
MaybeSshHost = Annotated[str, _or_empty(syntax.ssh_host), _example("bastion-side-name")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=86400)]
Url = Annotated[str, AfterValidator(syntax.url), _example("https://mirror.example.com/packages")]
MaybeUrl = Annotated[str, _or_empty(syntax.url), _example("https://mirror.example.com/files")]
Registry = Annotated[str, AfterValidator(syntax.registry), _example("docker.io")]
MaybeImageRepository = Annotated[str, _or_empty(syntax.image_repository), _example("registry.example.com:5000/k8s")]
MaybeFile = Annotated[str, _or_empty(syntax.file_path), _example("files/name")]
MaybeFileOrUrl = Annotated[str, _or_empty(syntax.path_or_url), _example("manifests/calico.yaml")]
MaybeSha256 = Annotated[
    str, _or_empty(syntax.sha256), _example("b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c")
]
Fingerprint = Annotated[str, AfterValidator(syntax.fingerprint), _example("DE15B14486CD377B9E876E1A234654DA9A296436")]
MaybeHostKey = Annotated[
    str, _or_empty(syntax.host_key), _example("SHA256:dk+TovXGFFKr+f+hS5sBGHc4UteCo9pt86l9OQ16HMg")
]
MaybeUser = Annotated[str, _or_empty(syntax.registry_user), _example("ops")]
Package = Annotated[str, AfterValidator(syntax.package), _example("htop")]
MaybePackageVersion = Annotated[str, _or_empty(syntax.package_version), _example("1.7.27-1")]
SysctlKey = Annotated[str, AfterValidator(syntax.sysctl_key)]
SysctlValue = Annotated[
    str | None, BeforeValidator(syntax.sysctl_value, json_schema_input_type=str | int | None), _example("1")
]
FindingName = Annotated[str, AfterValidator(syntax.finding_name), _example("swap-on")]
LabelKey = Annotated[str, AfterValidator(syntax.label_key)]
LabelValue = Annotated[str, AfterValidator(syntax.label_value)]
TaintText = Annotated[str, AfterValidator(syntax.taint), _example("dedicated=gpu:NoSchedule")]


def url_shorthand(value: Any) -> Any:
    """A mapping, or plain text that stands for its url."""
    return {"url": value} if isinstance(value, str) else value
