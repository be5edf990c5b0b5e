"""The command line: parse, check the machine, call, print. The only place that turns errors into exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from . import fleet, inventory, machine, netns, show
from .errors import LabError
from .host import host_named
from .places import existing_lab

USAGE_ERROR, INTERRUPTED = 2, 130
_DESCRIPTION = "Throwaway hosts on this machine, and a mirror that plays the internet for them."
_EPILOG = """environment:
  KUBEBOOT_LAB        name of the lab; several run side by side (default: lab)
  KUBEBOOT_LAB_CACHE  what build makes (default: /var/cache/kubeboot-lab)
  KUBEBOOT_LAB_STATE  disks and keys of running labs (default: /var/lib/kubeboot-lab)

first steps:  lab build && lab up 3 && lab ps && lab ssh node1
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        machine.require_linux_root()
        code: int = options.call(options)
        return code
    except LabError as error:
        print(f"lab: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"     {error.hint}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("lab: interrupted; the same command again goes on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing to tell, and nobody to tell it
        return 0
    except OSError as error:
        print(f"lab: {error}", file=sys.stderr)
        return USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, call: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(call=call)
        return sub

    build = command("build", _build, "make programs, images, packages, host disk and mirror (incremental)")
    build.add_argument("--only", nargs="+", metavar="NAME", default=[], help="only these targets and what they need")
    build.add_argument("--list", action="store_true", dest="is_list", help="print the targets and their state")
    up = command("up", _up, "start node1..nodeN and the mirror")
    up.add_argument("count", type=int, nargs="?", default=3, metavar="N", help="how many hosts (default: 3)")
    command("down", _down, "end and remove everything of the lab")
    ps = command("ps", _ps, "show the hosts")
    ps.add_argument("--json", action="store_true", dest="is_json", help="as JSON")
    ssh = command("ssh", _ssh, "open a shell on a host, or run a command there")
    ssh.add_argument("--user", default="root", help="root or ops (default: root)")
    ssh.add_argument("--port", type=int, default=22, help="22 or 2222 (default: 22)")
    ssh.add_argument("host")
    ssh.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    ctl = command("ctl", _ctl, "run a command on the controller, where the hosts can be reached")
    ctl.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    inventory.add_arguments(command("inventory", _inventory, "print a kubeboot inventory of the hosts"))
    for name, call, text in (
        ("fresh", fleet.fresh, "make hosts as new: same keys and addresses, empty disks"),
        ("kill", fleet.kill, "cut the power of hosts"),
        ("start", fleet.start, "boot hosts that are off"),
    ):
        command(name, _on_hosts(call), text).add_argument("hosts", nargs="+", metavar="HOST")
    for name, keep, text in (
        ("save", fleet.save, "keep the disks of hosts under a name (they boot again)"),
        ("restore", fleet.restore, "hosts as they were saved, with a new boot"),
    ):
        sub = command(name, _with_save(keep), text)
        sub.add_argument("name", metavar="NAME")
        sub.add_argument("hosts", nargs="*", metavar="HOST", help="default: all")
    link = command("link", _link, "plug a host's network cable in or out")
    link.add_argument("host")
    link.add_argument("state", choices=("up", "down"))
    slow = command("delay", _delay, "set the round trip between controller and hosts (0 takes it away)")
    slow.add_argument("milliseconds", type=float, metavar="MS")
    return parser


def _build(options: argparse.Namespace) -> int:
    from .builder import catalog  # only this command needs it

    return catalog.build(options.only, is_list=options.is_list)


def _up(options: argparse.Namespace) -> int:
    hosts = fleet.up(options.count)
    print(f"{len(hosts)} hosts: {', '.join(f'{host.name} {host.address}' for host in hosts)}")
    return 0


def _down(options: argparse.Namespace) -> int:
    print("the lab is down" if fleet.down() else "the lab was not up")
    return 0


def _ps(options: argparse.Namespace) -> int:
    print(show.hosts_as_json() if options.is_json else show.hosts_as_table())
    return 0


def _ssh(options: argparse.Namespace) -> int:
    lab = existing_lab()
    host = host_named(lab, options.host)
    if not host.is_running():
        raise LabError(f"{host.name} is off", f"boot it with: lab start {host.name}")
    words = [
        "ssh",
        "-F",
        "none",
        "-i",
        str(lab.key),
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        f"UserKnownHostsFile={lab.known_hosts}",
        "-o",
        "ConnectTimeout=10",
        "-p",
        str(options.port),
    ]
    netns.become(lab, [*words, f"{options.user}@{host.address}", *options.argv])


def _ctl(options: argparse.Namespace) -> int:
    words = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not words:
        raise LabError("no command given", "for example: lab ctl curl http://mirror.lab/manifests/")
    netns.become(existing_lab(), words)


def _inventory(options: argparse.Namespace) -> int:
    print(inventory.text(options), end="")
    return 0


def _on_hosts(call: Callable[[Sequence[str]], None]) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        call(options.hosts)
        return 0

    return run


def _with_save(call: Callable[[str, Sequence[str]], None]) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        call(options.name, options.hosts)
        return 0

    return run


def _link(options: argparse.Namespace) -> int:
    fleet.set_link(options.host, options.state == "up")
    return 0


def _delay(options: argparse.Namespace) -> int:
    fleet.set_delay(options.milliseconds)
    return 0
