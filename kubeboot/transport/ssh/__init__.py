"""Hosts over SSH. The only package that imports paramiko; importing it costs about 140 ms of CPU time.

Fabric is not used: its Connection accepts any host key, feeds stdin one character per 10 ms and reconnects silently
(reading: fabric/connection.py, invoke/runners.py), and its ssh_config support is paramiko's SSHConfig with 25 ms of
import time on top (fabric 3.2.3, paramiko 5.1.0, measured: 0.138 s against 0.161 s of CPU).
"""

from kubeboot.transport.ssh.keyring import KeyRing
from kubeboot.transport.ssh.transport import SshTransport

__all__ = ["KeyRing", "SshTransport"]
