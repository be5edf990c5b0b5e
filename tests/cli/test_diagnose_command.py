"""`kubeboot diagnose` from inventory to exit code and bundle, over hosts that a test makes up."""

from __future__ import annotations

import base64
import gzip
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubeboot.cli import diagnosing
from kubeboot.cli.diagnosing import Diagnosing, diagnose_cluster
from kubeboot.errors import EXIT_DONE, EXIT_PENDING, HostsFailed, Unreachable, UsageError
from kubeboot.transport.fake import FakeTransport
from tests.engine.hosts import Unit, b64, files

ROOT = Path(__file__).parents[1]
PROBE = (ROOT / "facts/control-plane.txt").read_text(encoding="utf-8").splitlines()
INVENTORY = """\
cluster: {name: lab, kubernetesVersion: 1.29.15}
hosts:
  - {name: cp1, address: 10.0.0.1, roles: [control-plane]}
  - {name: w1, address: 10.0.0.2, roles: [worker]}
"""
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEcanarycanary\n-----END PRIVATE KEY-----\n"


def records(payload: bytes, said: Mapping[str, str]) -> Iterator[str]:
    """Every look of that script finds nothing, but those with a label in `said`."""
    text = files(payload)["script.new"]
    nonce = re.search(r"^KB_NONCE='?(\w+)'?$", text, re.MULTILINE)[1]  # type: ignore[index]
    for number, label in re.findall(r"^kb_resource (\d+) ('[^']*'|\S+)", text, re.MULTILINE):
        output = said.get(label.strip("'"), "")
        status = ("drift", 90) if "! " in output else ("ok", 0)
        yield "\t".join((nonce, "R", number, status[0], str(status[1]), "5", b64("x" if output else ""), b64(output)))
    yield f"{nonce}\tE\tdone"


def bundle(payload: bytes) -> Iterator[str]:
    nonce = payload.partition(b"NONCE=")[2].split()[0].decode()
    text = base64.b64encode(gzip.compress(f"journal\n{PEM}--token abcdef.0123456789abcdef\n".encode())).decode()
    yield f"{nonce}\tlogs/kubelet.txt\tjournal of the kubelet\t{text}"


def transport(said: Mapping[str, str]) -> FakeTransport:
    unit: dict[str, Unit] = {}

    def answer(payload: bytes) -> Iterable[str]:
        if b"MOST_ANSWER" in payload:
            return bundle(payload)
        if b"KB_UNIT" not in payload:
            return PROBE
        unit.setdefault("it", Unit(lambda first: records(first, said)))
        nonce = payload.partition(b"KB_NONCE=")[2].split()[0].decode()
        return (
            line if line.startswith(nonce) else line.replace(line.split("\t")[0], nonce, 1)
            for line in unit["it"](payload)
        )

    return FakeTransport(answer)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY, encoding="utf-8")
    return path


@pytest.fixture
def diagnose(inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def run(cp1: FakeTransport, w1: FakeTransport, to: Path | None = None) -> tuple[int, str]:
        @contextmanager
        def connections(*_: object) -> Iterator[Mapping[str, FakeTransport]]:
            yield {"cp1": cp1, "w1": w1}

        monkeypatch.setattr(diagnosing, "connections", connections)
        code = diagnose_cluster(Diagnosing(str(inventory), to, 5, False, "", False))
        return code, capsys.readouterr().out

    return run


def dead(host: str) -> FakeTransport:
    return FakeTransport(connect_error=Unreachable(host, "10.0.0.2 port 22 refused the connection", hint="sshd?"))


def test_nothing_found(diagnose) -> None:  # type: ignore[no-untyped-def]
    code, out = diagnose(transport({}), transport({}))
    assert code == EXIT_DONE
    assert re.search(r"^nothing found, \d+ looks at 2 hosts, ", out.splitlines()[-1])


def test_findings_have_a_cause_a_check_and_a_remedy(diagnose) -> None:  # type: ignore[no-untyped-def]
    swap = {"kernel": "! swap is on: /dev/sda2\n"}
    kubelet = {"kubelet": 'E01 err="failed to load ca.crt: no such file"\n! the kubelet is failed\n'}
    code, out = diagnose(transport(swap | kubelet), transport(swap))
    assert code == EXIT_PENDING
    assert out.count("FOUND swap-on (all 2 hosts): swap is on: /dev/sda2") == 1
    assert out.index("FOUND swap-on") < out.index("FOUND kubelet-not-running (cp1): the kubelet is failed")
    for words in ("  why:   Swap is on", "  check: swapon --show", "  then:  Turn it off"):
        assert words in out
    assert out.splitlines()[-1].startswith("3 findings, ")


def test_a_dead_host_is_reported_and_holds_nobody_up(diagnose) -> None:  # type: ignore[no-untyped-def]
    code, out = diagnose(transport({"kernel": "! swap is on: x\n"}), dead("w1"))
    assert code == EXIT_PENDING
    assert "FAILED w1: 10.0.0.2 port 22 refused the connection [host-unreachable]" in out
    assert "FOUND swap-on (cp1)" in out
    assert "1 finding, 1 host not looked at to the end" in out.splitlines()[-1]


def test_no_host_at_all_is_an_error(diagnose) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(HostsFailed) as raised:
        diagnose(dead("cp1"), dead("w1"))
    assert raised.value.exit_code == 4


def test_nothing_but_looks_and_no_lock_reach_a_host(diagnose) -> None:  # type: ignore[no-untyped-def]
    first = transport({})
    diagnose(first, transport({}))
    assert first.executes == 2
    script = files(first.payloads[1])["script.new"]
    assert "KB_MODE='plan'" in script
    assert "\napply_" not in script
    assert b"kb_owner_try" not in first.payloads[0]


def test_i9_a_bundle_is_private_listed_and_without_secrets(diagnose, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "b.tar.gz"
    code, out = diagnose(transport({"kernel": "! swap is on: x\n"}), transport({}), path)
    assert code == EXIT_PENDING
    assert f"bundle: {path}, 4 files" in out
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        found = {member.name: archive.extractfile(member).read().decode() for member in archive}  # type: ignore[union-attr]
        assert {member.mode for member in archive} == {0o600}
    top = "kubeboot-bundle-lab"
    assert set(found) == {
        f"{top}/{name}" for name in ("LISTING.txt", "diagnosis.txt", *(f"{h}/logs/kubelet.txt" for h in ("cp1", "w1")))
    }
    listing = found[f"{top}/LISTING.txt"]
    for name, text in found.items():
        assert "canary" not in text and "0123456789abcdef" not in text
        if not name.endswith("LISTING.txt"):
            assert re.search(rf"^{re.escape(name.removeprefix(top + '/'))} +{len(text)}  \S", listing, re.MULTILINE)
    assert "FOUND swap-on" in found[f"{top}/diagnosis.txt"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.tar.gz", "inventory.yaml"]


def test_a_bundle_that_cannot_be_written_is_said_before_any_host_is_asked(diagnose, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first = transport({})
    with pytest.raises(UsageError) as raised:
        diagnose(first, first, tmp_path / "nowhere/b.tar.gz")
    assert (raised.value.reference, first.connects) == ("bundle-unwritable", 0)
