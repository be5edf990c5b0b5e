"""Distance between the controller and all others: every Ethernet frame of the controller waits half the round trip.

The kernel has no netem, so a relay stands in the controller's leg (both ends in the hub's namespace):

    eth0 of the controller = leg - br1 - [delay0  relay  delay1] - br0 - hosts, mirror

The frames pass two TAP devices, hence whole and with their checksums; addresses, ssh sessions and TCP connections stay
as they are when the delay changes. Host to host and host to mirror are not touched.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque
from pathlib import Path

from . import cgroups, netns, network
from .errors import LabError
from .places import LAB_FOLDER, Lab
from .process import run, spawn

MOST_MS = 2000
_SIDE_BRIDGE = "br1"
_TAPS = ("delay0", "delay1")
_SERVICE = "delay"
_PATIENCE_S = 30.0  # a busy machine is no error
_TUNSETIFF, _TAP_WITHOUT_HEADER = 0x400454CA, 0x1002
_LARGEST_FRAME = 1 << 16
_READ_AT_ONCE = 64
_QUEUE_LIMIT = 20_000  # frames; more are dropped, as a real link would


def set_round_trip(lab: Lab, milliseconds: float) -> None:
    """Make the round trip this much longer; 0 takes the relay out."""
    if not 0 <= milliseconds <= MOST_MS:
        raise LabError(
            f"a delay of {milliseconds} ms cannot be made", f"give 0 to {MOST_MS}, for example: lab delay 20"
        )
    take_out(lab)
    if milliseconds == 0:
        return
    log = lab.folder / "delay.log"
    network.batch(lab.hub_namespace, [f"link add {_SIDE_BRIDGE} type bridge", f"link set {_SIDE_BRIDGE} up"])
    group = cgroups.service_group(lab.name, _SERVICE)
    spawn(
        group,
        [
            "nsenter",
            f"--net={netns.FOLDER / lab.hub_namespace}",
            "env",
            f"PYTHONPATH={LAB_FOLDER}",
            sys.executable,
            "-m",
            "kubelab.delay",
            str(milliseconds / 2000),
        ],
        log,
    )
    _wait_for_taps(lab, log)
    network.batch(
        lab.hub_namespace,
        [
            f"link set {_TAPS[0]} master {_SIDE_BRIDGE} up",
            f"link set {_TAPS[1]} master {network.BRIDGE} up",
            f"link set {network.LEG} master {_SIDE_BRIDGE}",
        ],
    )
    (lab.folder / "delay").write_text(f"{milliseconds:g}\n")


def take_out(lab: Lab) -> None:
    """Lead the controller's leg straight to the hosts again, whatever state the relay is in."""
    network.batch(lab.hub_namespace, [f"link set {network.LEG} master {network.BRIDGE}"])
    cgroups.end_processes(f"{cgroups.TOP}/{lab.name}/services/{_SERVICE}")
    (lab.folder / "delay").unlink(missing_ok=True)
    if _SIDE_BRIDGE in run(["ip", "-n", lab.hub_namespace, "-br", "link", "show", "type", "bridge"]):
        network.batch(lab.hub_namespace, [f"link delete {_SIDE_BRIDGE}"])


def round_trip_ms(lab: Lab) -> float:
    """The delay that is set; 0 if none."""
    try:
        return float((lab.folder / "delay").read_text())
    except (FileNotFoundError, ValueError):
        return 0.0


def _wait_for_taps(lab: Lab, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not set(_TAPS) <= set(run(["ip", "-n", lab.hub_namespace, "-br", "link"]).split()):
        if time.monotonic() > deadline:
            raise LabError("the delaying relay does not start", f"read its log: {log}")
        time.sleep(0.02)


class Relay:
    """Carries frames between two TAP devices, each after the same time."""

    def __init__(self, taps: tuple[int, int], one_way_s: float) -> None:
        self._out_of = {taps[0]: taps[1], taps[1]: taps[0]}
        self._one_way_s = one_way_s
        # (when due, where to, frame): always in order, as all wait equally long
        self._waiting: deque[tuple[float, int, bytes]] = deque()

    def step(self, now: float, longest_wait_s: float) -> None:
        """Take in what has come, or wait for the next due frame; then send what is due."""
        timeout = min(longest_wait_s, max(0.0, self._waiting[0][0] - now)) if self._waiting else longest_wait_s
        ready, _, _ = select.select(list(self._out_of), [], [], timeout)
        for source in ready:
            self._take(source)
        self._send(time.monotonic())

    def _take(self, source: int) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                frame = os.read(source, _LARGEST_FRAME)
            except BlockingIOError:
                return
            if len(self._waiting) < _QUEUE_LIMIT:
                self._waiting.append((time.monotonic() + self._one_way_s, self._out_of[source], frame))

    def _send(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, target, frame = self._waiting.popleft()
            try:
                os.write(target, frame)
            except OSError:
                continue  # the device is not up yet, or its queue is full: frames get lost on links


def _open_tap(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_WITHOUT_HEADER))
    return handle


def main() -> None:
    """python -m kubelab.delay ONE_WAY_SECONDS, in the hub: relay until ended. The devices go with the process."""
    relay = Relay((_open_tap(_TAPS[0]), _open_tap(_TAPS[1])), float(sys.argv[1]))
    while True:
        relay.step(time.monotonic(), longest_wait_s=1.0)


if __name__ == "__main__":
    main()
