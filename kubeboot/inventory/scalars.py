"""The types of the inventory's single values: pydantic's hooks into `syntax`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from kubeboot.inventory import syntax, versions


def _or_empty(check: Callable[[str], str]) -> AfterValidator:
    """The empty string stands for "not given" where a key is optional."""
    return AfterValidator(lambda value: check(value) if value else "")


KubernetesVersion = Annotated[str, BeforeValidator(versions.kubernetes_version, json_schema_input_type=str)]
AddonVersion = Annotated[str, AfterValidator(versions.addon_version)]
DnsLabel = Annotated[str, AfterValidator(syntax.dns_label)]
DnsName = Annotated[str, AfterValidator(syntax.dns_name)]
HostName = Annotated[str, AfterValidator(syntax.host_name)]
Address = Annotated[str, AfterValidator(syntax.address)]
Subnet = Annotated[str, AfterValidator(syntax.subnet)]
MaybeEndpoint = Annotated[str, _or_empty(syntax.endpoint)]
TimeServer = Annotated[str, AfterValidator(syntax.time_server)]
User = Annotated[str, AfterValidator(syntax.user)]
MaybeSshHost = Annotated[str, _or_empty(syntax.ssh_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=86400)]
Url = Annotated[str, AfterValidator(syntax.url)]
MaybeUrl = Annotated[str, _or_empty(syntax.url)]
Registry = Annotated[str, AfterValidator(syntax.registry)]
MaybeImageRepository = Annotated[str, _or_empty(syntax.image_repository)]
MaybeFile = Annotated[str, _or_empty(syntax.file_path)]
MaybeFileOrUrl = Annotated[str, _or_empty(syntax.path_or_url)]
MaybeSha256 = Annotated[str, _or_empty(syntax.sha256)]
Fingerprint = Annotated[str, AfterValidator(syntax.fingerprint)]
MaybeHostKey = Annotated[str, _or_empty(syntax.host_key)]
MaybeUser = Annotated[str, _or_empty(syntax.registry_user)]
Package = Annotated[str, AfterValidator(syntax.package)]
MaybePackageVersion = Annotated[str, _or_empty(syntax.package_version)]
SysctlKey = Annotated[str, AfterValidator(syntax.sysctl_key)]
SysctlValue = Annotated[str | None, BeforeValidator(syntax.sysctl_value, json_schema_input_type=str | int | None)]
FindingName = Annotated[str, AfterValidator(syntax.finding_name)]
LabelKey = Annotated[str, AfterValidator(syntax.label_key)]
LabelValue = Annotated[str, AfterValidator(syntax.label_value)]
TaintText = Annotated[str, AfterValidator(syntax.taint)]


def url_shorthand(value: Any) -> Any:
    """A plain string where a section with a `url` is meant."""
    return {"url": value} if isinstance(value, str) else value
