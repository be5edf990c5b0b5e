"""`kubeboot ssh-setup` against a real sshd and a real user: host keys first, then the password, then the key."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubeboot.cli.group import run as kubeboot
from tests.transport.sshd import MakeUser, Sshd, fingerprint, make_key

pytestmark = pytest.mark.sshd
PASSWORD = "kb setup 'pass' $(id)"
TRUST = "--accept-new-host-keys"


class Place:
    """An sshd that takes passwords, a user with a home, an inventory, and what ssh-setup says."""

    def __init__(self, folder: Path, make_user: MakeUser, capsys: Any, shell: str = "/bin/sh", *options: str) -> None:
        self.folder, self._capsys = folder, capsys
        self.home = folder / "user"
        self.home.mkdir(mode=0o755)
        self.user = make_user("# nothing", password=PASSWORD, shell=shell, home=self.home)
        shutil.chown(self.home, self.user)
        own = [*options, "PasswordAuthentication yes", "AuthorizedKeysFile .ssh/authorized_keys", "StrictModes yes"]
        self.sshd = Sshd(folder / "sshd", options=[*own, "LogLevel VERBOSE"])
        (folder / "password").write_text(PASSWORD + "\n")
        self.inventory("id")

    def inventory(self, identity: str = "", **ssh: Any) -> None:
        key = f", identityFile: {identity}" if identity else ""
        more = "".join(f", {name}: {value}" for name, value in ssh.items())
        (self.folder / "inventory.yaml").write_text(
            "cluster: {kubernetesVersion: 1.29.15}\n"
            f"ssh: {{user: {self.user}, port: {self.sshd.port}{key}}}\n"
            f"hosts: [{{name: node1, address: 192.0.2.1, ssh: {{host: 127.0.0.1}}{more}}}]\n"
        )

    def setup(self, *options: str, given: str = "password") -> tuple[int, str]:
        code = kubeboot(
            [
                "ssh-setup",
                "-i",
                f"{self.folder}/inventory.yaml",
                "--password-file",
                f"{self.folder}/{given}",
                *options,
            ]
        )
        said = self._capsys.readouterr()
        return code, said.out + said.err

    @property
    def authorized(self) -> Path:
        return self.home / ".ssh/authorized_keys"

    @property
    def public(self) -> str:
        return " ".join((self.folder / "id.pub").read_text().split()[:2])

    def tried(self, word: str = "password") -> int:
        """How often sshd was offered a password."""
        return len([line for line in self.sshd.log.read_text().splitlines() if f"Failed {word}" in line])


@pytest.fixture
def make_place(make_user: MakeUser, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Place]]:
    with tempfile.TemporaryDirectory(prefix="kbtest-") as folder:
        Path(folder).chmod(0o755)
        made: list[Place] = []

        def make(*args: Any) -> Place:
            made.append(Place(Path(folder), make_user, capsys, *args))
            return made[-1]

        yield make
        for place in made:
            place.sshd.close()


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    return make_place()


def test_from_password_to_key_and_nothing_the_second_time(place: Place) -> None:
    code, said = place.setup(TRUST)
    assert code == 0, said
    assert f"made the key {place.folder}/id" in said
    assert fingerprint(place.sshd.folder / "host_ed25519.pub") in said
    assert f"node1: key installed for {place.user}" in said
    assert PASSWORD not in said
    assert place.authorized.read_text().startswith(place.public + " ")
    status = [(path.stat().st_mode & 0o777, path.owner()) for path in (place.authorized.parent, place.authorized)]
    assert status == [(0o700, place.user), (0o600, place.user)]
    assert ((place.folder / "id").stat().st_mode & 0o777) == 0o600
    files = {path: path.read_bytes() for path in (place.authorized, place.folder / "known_hosts", place.folder / "id")}
    for options in ([], [TRUST], ["node1"]):
        code, said = place.setup(*options)
        assert code == 0, said
        assert "1 host can be logged in to by key; nothing was to be done" in said
    assert files == {path: path.read_bytes() for path in files}


@pytest.mark.parametrize("shell", ["bash", "csh", "fish", "zsh"])
def test_under_any_login_shell(make_place: Callable[..., Place], shell: str) -> None:
    if not (path := shutil.which(shell)):
        pytest.skip(f"no {shell} here")
    place = make_place(path)
    (place.home / ".cshrc").write_text("echo noise; umask 000\n")
    (place.home / ".zshenv").write_text("echo noise; umask 000\n")
    code, said = place.setup(TRUST)
    assert code == 0, said
    assert place.authorized.stat().st_mode & 0o777 == 0o600


def test_by_keyboard_interactive(make_place: Callable[..., Place]) -> None:
    options = ["AuthenticationMethods publickey keyboard-interactive", "KbdInteractiveAuthentication yes", "UsePAM yes"]
    place = make_place("/bin/sh", *options)
    code, said = place.setup(TRUST)
    assert code == 0, said
    assert "key installed" in said


def test_what_is_in_authorized_keys_stays(place: Place) -> None:
    make_key(place.folder / "id")
    place.authorized.parent.mkdir()
    place.authorized.write_text(f"ssh-ed25519 AAAAold old\n# {place.public} was here\nlast line without an end")
    for path in (place.authorized.parent, place.authorized):
        shutil.chown(path, place.user)
    code, said = place.setup(TRUST)
    assert code == 0, said
    lines = place.authorized.read_text().splitlines()
    assert lines[:3] == ["ssh-ed25519 AAAAold old", f"# {place.public} was here", "last line without an end"]
    assert len(lines) == 4 and lines[3].startswith(place.public)


def test_a_key_that_is_there_with_options_is_not_added_again(place: Place) -> None:
    """sshd refuses it here because of its options: said, and nothing is added."""
    make_key(place.folder / "id")
    place.authorized.parent.mkdir()
    place.authorized.write_text(f'from="192.0.2.1" {place.public}\n')
    shutil.chown(place.authorized.parent, place.user)
    shutil.chown(place.authorized, place.user)
    code, said = place.setup(TRUST)
    assert (code, place.authorized.read_text().count("\n")) == (4, 1), said
    assert "the key is in place now, and still: " in said


def test_a_home_that_others_can_write_is_named(place: Place) -> None:
    place.home.chmod(0o777)
    code, said = place.setup(TRUST)
    assert code == 4
    assert f"the home folder {place.home} can be written by others" in said


def test_a_wrong_password_is_sent_once(place: Place) -> None:
    (place.folder / "wrong").write_text("wrong\n")
    code, said = place.setup(TRUST, given="wrong")
    assert (code, place.tried()) == (4, 1), said
    assert "[password-refused]" in said
    assert not place.authorized.exists()


def test_no_password_is_taken(make_place: Callable[..., Place]) -> None:
    place = make_place("/bin/sh", "PasswordAuthentication no")
    code, said = place.setup(TRUST)
    assert code == 4
    assert "[password-not-allowed]" in said and "it allows only publickey" in said
    assert place.public in said


def test_an_unknown_key_is_not_accepted_without_anybody(place: Place) -> None:
    code, said = place.setup()
    assert code == 7
    assert "[host-key-unknown]" in said and "--fingerprints FILE" in said
    assert not (place.folder / "known_hosts").exists()
    assert "Failed password" not in place.sshd.log.read_text() and not place.authorized.exists()


def lines_of(place: Place, name: str) -> dict[str, str]:
    mark = fingerprint(place.sshd.folder / "host_ed25519.pub")
    return {
        "name": f"# from the console\nnode1 {mark}\n",
        "address": f"10.0.0.1,192.0.2.1 {mark}\n",
        "keyscan": f"# comment\n{place.sshd.known_hosts_line()}",
    }[name]


@pytest.mark.parametrize("name", ["name", "address", "keyscan"])
def test_a_list_of_fingerprints(place: Place, name: str) -> None:
    (place.folder / "list").write_text(lines_of(place, name))
    code, said = place.setup("--fingerprints", f"{place.folder}/list")
    assert code == 0, said
    assert (place.folder / "known_hosts").read_text() == place.sshd.known_hosts_line()


@pytest.mark.parametrize(
    ("text", "code", "reference"),
    [
        ("node1 SHA256:" + "A" * 43, 7, "host-key-changed"),
        ("node2 SHA256:" + "A" * 43, 7, "host-key-unknown"),
        ("nonsense", 2, "fingerprints-unusable"),
    ],
)
def test_a_list_that_does_not_have_it(place: Place, text: str, code: int, reference: str) -> None:
    (place.folder / "list").write_text(text + "\n")
    assert place.setup("--fingerprints", f"{place.folder}/list")[0] == code
    (place.folder / "list").write_text(text + "\n")
    assert f"[{reference}]" in place.setup("--fingerprints", f"{place.folder}/list")[1]
    assert not (place.folder / "known_hosts").exists()
    assert "Failed password" not in place.sshd.log.read_text()


@pytest.mark.parametrize("where", ["known_hosts", "pin", "revoked"])
def test_i10_a_changed_key_is_refused_and_gets_no_password(place: Place, where: str) -> None:
    other = make_key(place.folder / "other")
    name = f"[127.0.0.1]:{place.sshd.port}"
    if where == "pin":
        place.inventory("id", hostKey=f'"{fingerprint(place.folder / "other.pub")}"')
    elif where == "revoked":
        (place.folder / "known_hosts").write_text(f"@revoked * {place.sshd.host_keys['ed25519']}\n")
    else:
        (place.folder / "known_hosts").write_text(f"{name} {other}\n")
    (place.folder / "list").write_text(lines_of(place, "name"))
    for options in ([], [TRUST], ["--fingerprints", f"{place.folder}/list"], ["--parallel", "1", "node1"]):
        code, said = place.setup(*options)
        assert code == 7, said
        assert "[host-key-changed]" in said
    assert "password" not in place.sshd.log.read_text()


def test_names_of_hosts(place: Place) -> None:
    code, said = place.setup("node9")
    assert code == 2 and "Did you mean node1?" in said


def test_an_identity_file_that_is_missing_names_ssh_setup(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert kubeboot(["plan", "-i", f"{place.folder}/inventory.yaml"]) == 2
    assert "kubeboot ssh-setup makes it" in capsys.readouterr().err


def test_the_key_of_ssh_keygen_is_the_same_kind(place: Place) -> None:
    place.setup(TRUST)
    done = subprocess.run(["ssh-keygen", "-y", "-f", place.folder / "id"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == place.public.split()
