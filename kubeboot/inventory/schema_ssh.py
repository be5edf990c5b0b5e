"""The inventory's shape where it is about getting in; see schema.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kubeboot.inventory import scalars as s
from kubeboot.inventory.section import Section


class Ssh(Section):
    """How kubeboot logs in to every host."""

    user: s.User = "root"
    """root, or a user who may become root by sudo."""
    port: s.Port = 22
    """The port sshd listens on."""
    identity_file: s.MaybeFile = ""
    """Private key; empty means the agent's and the default keys."""
    connect_timeout: Annotated[int, Field(ge=1, le=600)] = 10
    """Seconds to wait for a connection."""
    sudo_password_file: s.MaybeFile = ""
    """File whose first line is the sudo password, where sudo wants one."""
    sudo_password_command: list[str] = []
    """Command on this machine, as a list, whose first line of output is the sudo password."""


class HostSsh(Section):
    """What differs for one host from the inventory's `ssh`."""

    user: s.User | None = None
    """As in ssh."""
    port: s.Port | None = None
    """As in ssh."""
    identity_file: s.MaybeFile | None = None
    """As in ssh."""
    connect_timeout: Annotated[int, Field(ge=1, le=600)] | None = None
    """As in ssh."""
    sudo_password_file: s.MaybeFile | None = None
    """As in ssh; takes the place of both of ssh's sudoPassword keys."""
    sudo_password_command: list[str] | None = None
    """As in ssh; takes the place of both of ssh's sudoPassword keys."""
    host: s.MaybeSshHost = ""
    """Name or address to log in to instead of address: another network, a Host of ~/.ssh/config."""

    @property
    def has_sudo_password(self) -> bool:
        """Whether the host has its own word on the sudo password."""
        return self.sudo_password_file is not None or self.sudo_password_command is not None
