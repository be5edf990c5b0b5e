"""Saving the admin kubeconfig: root-only, unchanged the second time, never over another cluster's."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from kubeboot.errors import SourceError
from kubeboot.kubeconfig import check_kubeconfig_place, kubeconfig_path, save_kubeconfig


def kubeconfig(authority: str, comment: str = "") -> str:
    data = base64.b64encode(authority.encode()).decode()
    return f"apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {data}\n{comment}"


OURS, OLDER, THEIRS = kubeconfig("ours"), kubeconfig("ours", "# older\n"), kubeconfig("theirs")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return kubeconfig_path(tmp_path, "lab")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_it_goes_beside_the_inventory_under_the_clusters_name(path: Path) -> None:
    assert path.name == "lab.kubeconfig"


def test_a_new_one_is_for_its_owner_alone(path: Path) -> None:
    assert save_kubeconfig(path, OURS) == (path, True)
    assert (path.read_text(), mode(path)) == (OURS, 0o600)


def test_i3_the_second_time_nothing_changes(path: Path) -> None:
    save_kubeconfig(path, OURS)
    before = path.stat()
    assert save_kubeconfig(path, OURS) == (path, False)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_mode_that_lets_others_read_is_put_right(path: Path) -> None:
    path.write_text(OURS)
    path.chmod(0o644)
    assert save_kubeconfig(path, OURS) == (path, True)
    assert mode(path) == 0o600


def test_an_older_one_of_the_same_cluster_is_renewed(path: Path) -> None:
    path.write_text(OLDER)
    assert save_kubeconfig(path, OURS) == (path, True)
    assert path.read_text() == OURS


@pytest.mark.parametrize("content", (THEIRS, "", "no kubeconfig at all", "certificate-authority-data: !!!"))
def test_whatever_is_not_this_clusters_stays(path: Path, content: str) -> None:
    path.write_text(content)
    beside = path.with_name("lab.kubeconfig.new")
    assert save_kubeconfig(path, OURS) == (beside, True)
    assert (path.read_text(), beside.read_text(), mode(beside)) == (content, OURS, 0o600)
    assert save_kubeconfig(path, OURS) == (beside, False)


def test_bytes_that_are_no_text_stay(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    assert save_kubeconfig(path, OURS)[0].name == "lab.kubeconfig.new"


def test_a_third_cluster_is_not_written_over_either(path: Path) -> None:
    first, second, third = (kubeconfig(name) for name in ("one", "two", "three"))
    places = [save_kubeconfig(path, text)[0].name for text in (first, second, third, second)]
    assert places == ["lab.kubeconfig", "lab.kubeconfig.new", "lab.kubeconfig.new2", "lab.kubeconfig.new"]
    assert path.read_text() == first


def test_nothing_half_written_is_left_behind(path: Path) -> None:
    save_kubeconfig(path, OURS)
    assert [each.name for each in path.parent.iterdir()] == ["lab.kubeconfig"]


@pytest.mark.parametrize("place", ("missing/lab.kubeconfig", "file/lab.kubeconfig", "folder"))
def test_a_place_that_cannot_be_written_says_so(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError) as raised:
        save_kubeconfig(tmp_path / place, OURS)
    assert raised.value.reference == "kubeconfig-not-written"
    assert "admin.conf" in raised.value.hint


def test_a_new_cluster_is_warned_of_the_old_ones_kubeconfig(path: Path) -> None:
    assert check_kubeconfig_place(path, has_cluster=False) == ""
    path.write_text(THEIRS)
    assert "another cluster" in check_kubeconfig_place(path, has_cluster=False)
    assert check_kubeconfig_place(path, has_cluster=True) == ""
