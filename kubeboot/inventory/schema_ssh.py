"""The inventory's shape where it is about getting in; see schema.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kubeboot.inventory import scalars as s
from kubeboot.inventory.section import Section


class Ssh(Section):
    """How kubeboot logs in to every host."""

    user: s.User = "root"
    """The login user: root, or one who may become root by sudo."""
    port: s.Port = 22
    """The port sshd listens on."""
    identity_file: s.MaybeFile = Field(default="", examples=["~/.ssh/id_ed25519"])
    """The private key to log in with; empty means the agent's and the default keys."""
    connect_timeout: Annotated[int, Field(ge=1, le=600)] = 10
    """Seconds to wait for a connection."""
    sudo_password_file: s.MaybeFile = Field(default="", examples=["~/.secrets/sudo"])
    """File whose first line is the sudo password, where sudo wants one."""
    sudo_password_command: list[str] = Field(default=[], examples=[["pass", "show", "sudo"]])
    """Command on this machine, as a list, whose first line of output is the sudo password."""


class HostSsh(Section):
    """What differs for one host from the inventory's `ssh`."""

    user: s.User | None = None
    """The login user of this host; not given means that of ssh."""
    port: s.Port | None = None
    """The port sshd listens on here; not given means that of ssh."""
    identity_file: s.MaybeFile | None = Field(default=None, examples=["~/.ssh/id_ed25519"])
    """The private key for this host; not given means that of ssh, "" the agent's and the default keys."""
    connect_timeout: Annotated[int, Field(ge=1, le=600)] | None = None
    """Seconds to wait for a connection to this host; not given means that of ssh."""
    sudo_password_file: s.MaybeFile | None = Field(default=None, examples=["~/.secrets/sudo"])
    """File whose first line is the sudo password here; takes the place of both of ssh's sudoPassword keys."""
    sudo_password_command: list[str] | None = Field(default=None, examples=[["pass", "show", "sudo"]])
    """Command on your machine that prints the sudo password of this host, as a list.

    Takes the place of both of ssh's sudoPassword keys.
    """
    host: s.MaybeSshHost = ""
    """Name or address to log in to instead of address: another network, a Host of ~/.ssh/config."""

    @property
    def has_sudo_password(self) -> bool:
        """Whether the host has its own word on the sudo password."""
        return self.sudo_password_file is not None or self.sudo_password_command is not None
