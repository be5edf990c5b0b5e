"""The inventory that the lab prints is one that kubeboot takes, in all its variants."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubelab import cli, inventory, machine, places
from kubelab.builder import manifests
from kubelab.host import Host

from kubeboot.inventory.load import load_inventory

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{}AAA root@node"


@pytest.fixture(autouse=True)
def three_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders as a running lab has them; no host runs."""
    monkeypatch.setattr(places, "STATE", tmp_path)
    monkeypatch.setattr(machine, "require_linux_root", lambda: None)
    monkeypatch.setattr(inventory, "PUBLIC_KEY", tmp_path / "lab-key.asc")
    monkeypatch.setattr(manifests, "FOLDER", tmp_path / "manifests")
    monkeypatch.setenv("KUBEBOOT_LAB", "test")
    lab = places.claim_lab()
    lab.key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    lab.key.chmod(0o600)
    (tmp_path / "lab-key.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    for number in (1, 2, 3):
        folder = Host(lab, number).folder / "identity"
        folder.mkdir(parents=True)
        (folder / "ssh_host_ed25519_key.pub").write_text(KEY.format(number))


def printed(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert cli.main(["inventory", *words]) == 0
    path = tmp_path / "inventory.yaml"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--user", "ops", "--port", "2222"],
        ["--control-planes", "3"],
        ["--hosts", "node1"],
        ["--version", "1.29.1", "--calico", "3.27.0", "--ingress", "1.9.6"],
        ["--encapsulation", "vxlan"],
        ["--encapsulation", "ipip"],
    ],
)
def test_kubeboot_takes_it(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster, _ = load_inventory(printed(words, tmp_path, capsys))
    assert [host.name for host in cluster.hosts] == (["node1"] if "--hosts" in words else ["node1", "node2", "node3"])


def test_the_labs_own_manifests_are_named_where_they_stand_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = manifests.FOLDER / manifests.CALICO.format(version="3.27.5")
    place.parent.mkdir(parents=True)
    place.write_text("kind: ConfigMap\n")
    (manifests.FOLDER / "FALLBACK").write_text(manifests.CALICO.format(version="3.27.5") + "\n")
    path = printed([], tmp_path, capsys)
    assert f"calico: {{version: 3.27.5, encapsulation: none, manifest: {place}}}" in path.read_text()
    assert "hostNetwork: true}" in path.read_text()
    load_inventory(path)


def test_too_many_control_planes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inventory", "--control-planes", "4"]) == 2
    assert "4 control planes of 3 hosts" in capsys.readouterr().err


def test_the_fingerprint_is_that_of_openssh(tmp_path: Path) -> None:
    host = Host(places.claim_lab(), 1)
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDnEw6m+9BY+SFJ/BlwIkcuACIlKv5XRSFnm376RAgWn test\n"
    (host.folder / "identity/ssh_host_ed25519_key.pub").write_text(public)
    assert inventory.fingerprint(host) == "SHA256:1+V23YlHlnBBLjYjhA6A09PW+GQuxB16xV7ociXh5IE"
