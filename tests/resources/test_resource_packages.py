"""Packages, holds and repositories under real bash, with small stand-ins for apt and dpkg."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kubeboot.model import PackageRepository
from kubeboot.resources import AptRepository, Package, PackageHold, Packages
from tests.resources.sandbox import Sandbox

WANTED = Packages((Package("curl"), Package("kubelet", "1.29.15")))
REPOSITORY = "kubelet 1.29.16-1.1\nkubelet 1.29.150-1.1\nkubelet 1.29.15-1.1\ncurl 7.88.1-10\n"


@pytest.fixture
def apt(sandbox: Sandbox) -> Sandbox:
    sandbox.write("/var/lib/fake-apt/repository", REPOSITORY)
    return sandbox


def installed(sandbox: Sandbox) -> list[str]:
    return sorted(sandbox.read("/var/lib/fake-apt/installed").splitlines())


def installs(sandbox: Sandbox) -> list[str]:
    return [call.partition(" install ")[2] for call in sandbox.calls if " install " in call]


def test_i1_i2_i3_packages_converge_in_one_transaction(apt: Sandbox) -> None:
    plan, _ = apt.converge(WANTED)
    assert plan.reason == "2 to install: curl kubelet"
    assert plan.diffs[0] == "curl: not installed -> 7.88.1-10\nkubelet: not installed -> 1.29.15\n"
    assert installed(apt) == ["curl installed 7.88.1-10", "kubelet installed 1.29.15-1.1"]
    assert [call.split()[-2:] for call in installs(apt)] == [["curl", "kubelet=1.29.15-1.1"]]
    assert "--no-install-recommends" in installs(apt)[0]


@pytest.mark.parametrize(
    ("version", "is_right"),
    (
        ("1.29.15", True),
        ("1.29.15-1.1", True),
        ("1.29.15+deb12", True),
        ("1.29.15~rc1", True),
        ("1.29.150-1.1", False),
        ("1.29.1-1.1", False),
        ("1.29.14-1.1", False),
        ("1:1.29.15-1.1", False),
    ),
)
def test_a_version_fits_any_packaging_of_it_and_no_other(apt: Sandbox, version: str, is_right: bool) -> None:
    apt.write("/var/lib/fake-apt/installed", f"kubelet installed {version}\n")
    plan = apt.run(Packages((Package("kubelet", "1.29.15"),)), mode="plan")
    assert plan.statuses == (["ok"] if is_right else ["drift"])


@pytest.mark.parametrize("state", ("half-configured", "config-files", "unpacked"))
def test_a_package_in_any_other_state_is_not_installed(apt: Sandbox, state: str) -> None:
    apt.write("/var/lib/fake-apt/installed", f"curl {state} 7.88.1-10\n")
    assert apt.run(Packages((Package("curl"),)), mode="plan").reason == "1 to install: curl"


def test_an_older_version_is_changed_to_the_wanted_one(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/installed", "kubelet installed 1.29.16-1.1\ncurl installed 7.0\n")
    plan, _ = apt.converge(WANTED)
    assert plan.diffs[0] == "kubelet: 1.29.16-1.1 -> 1.29.15\n"


def test_i3_a_host_that_has_everything_asks_no_repository(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/installed", "kubelet installed 1.29.15-1.1\ncurl installed 7.0\n")
    assert apt.run(WANTED).statuses == ["ok"]
    assert apt.calls == []


def test_a_version_no_repository_has_fails_and_names_what_there_is(apt: Sandbox) -> None:
    run = apt.run(Packages((Package("kubelet", "1.29.99"),)))
    assert run.statuses == ["failed"]
    assert "No repository has kubelet 1.29.99; they offer: 1.29.16-1.1 1.29.150-1.1 1.29.15-1.1" in run.output
    assert run.error is not None
    assert "mirrors.kubernetesPackages" in run.error.hint
    assert installs(apt) == []


def test_broken_dpkg_is_unknown_and_nothing_is_installed(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/broken-dpkg", "")
    for run in (apt.run(WANTED, mode="plan"), apt.run(WANTED)):
        assert run.statuses == ["unknown"]
        assert "dpkg-query failed (exit 2)" in run.output
    assert installs(apt) == []


def test_unreachable_repository_fails_with_a_hint(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/unreachable", "")
    run = apt.run(WANTED)
    assert run.statuses == ["failed"]
    assert run.error is not None
    assert "cannot reach the package repository" in run.error.hint


def test_an_install_that_does_nothing_has_not_converged(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/does-nothing", "")
    assert apt.run(WANTED).statuses == ["not-converged"]


def test_i4_an_interrupted_dpkg_is_finished_first(apt: Sandbox) -> None:
    apt.write("/var/lib/dpkg/updates/0001", "")
    assert apt.run(WANTED).statuses == ["changed"]
    tools = [call.split()[0] for call in apt.calls if call.startswith(("dpkg ", "apt-get "))]
    assert tools[0] == "dpkg"


def test_lists_are_read_once_and_again_when_a_source_is_newer(apt: Sandbox) -> None:
    def updates() -> int:
        return sum(call.endswith(" update") for call in apt.calls)

    first, second, third = (Packages((Package(name),)) for name in ("a", "b", "c"))
    apt.write("/var/lib/fake-apt/repository", "a 1\nb 1\nc 1\n")
    apt.run(first, second)
    assert updates() == 1
    apt.shell("touch -d '1 minute ago' /run/kubeboot/apt-refreshed")
    apt.write("/etc/apt/sources.list.d/new.list", "")
    apt.run(third)
    assert updates() == 2


def test_behind_a_mirror_apt_sees_only_kubeboots_own_sources(apt: Sandbox) -> None:
    apt.write("/etc/apt/sources.list.d/kubeboot-os.sources", "x")
    apt.write("/etc/apt/sources.list.d/other.list", "x")
    assert apt.run(WANTED, mirrored=True).statuses == ["changed"]
    assert all("Dir::Etc::sourceparts=/run/kubeboot/apt" in call for call in apt.calls if call.startswith("apt-get"))
    assert [path.name for path in apt.path("/run/kubeboot/apt").iterdir()] == ["kubeboot-os.sources"]


def test_without_a_mirror_apt_keeps_the_hosts_sources(apt: Sandbox) -> None:
    apt.run(WANTED)
    assert not any("Dir::Etc" in call for call in apt.calls)


def test_i1_i2_i3_hold_converges(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/held", "kubelet\nkubectl-extra\n")
    plan, _ = apt.converge(PackageHold(("kubelet", "kubectl")))
    assert plan.reason == "kubectl is not held"


KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnot really\n-----END PGP PUBLIC KEY BLOCK-----\n"
SOURCE, KEYRING = "/etc/apt/sources.list.d/kubeboot-kubernetes.sources", "/etc/apt/keyrings/kubernetes.asc"


def repository(**values: object) -> AptRepository:
    return AptRepository("kubernetes", PackageRepository("http://m/k8s/", **values), "/", path="/deb/")  # type: ignore[arg-type]


def test_i1_i2_i3_repository_with_its_key_in_the_inventory_converges(sandbox: Sandbox) -> None:
    plan, _ = sandbox.converge(repository(key=KEY))
    assert plan.reason == "key missing"
    assert "+URIs: http://m/k8s/deb/" in plan.diffs[0]
    assert sandbox.read(KEYRING) == KEY
    source = f"# Managed by kubeboot\nTypes: deb\nURIs: http://m/k8s/deb/\nSuites: /\nSigned-By: {KEYRING}\n"
    assert sandbox.read(SOURCE) == source


def test_another_key_than_the_inventorys_is_drift(sandbox: Sandbox) -> None:
    sandbox.run(repository(key=KEY))
    sandbox.write(KEYRING, KEY.replace("not", "NOT"))
    plan, _ = sandbox.converge(repository(key=KEY))
    assert plan.reason == "key differs"


def test_another_source_is_drift_with_a_diff(sandbox: Sandbox) -> None:
    sandbox.run(repository(key=KEY))
    sandbox.write(SOURCE, "Types: deb\n")
    plan, _ = sandbox.converge(repository(key=KEY))
    assert plan.reason == "content differs"
    assert "+Suites: /" in plan.diffs[0]


def test_repository_signed_by_the_distribution_needs_no_key_of_its_own(sandbox: Sandbox) -> None:
    own = AptRepository(
        "os", PackageRepository("http://m/debian"), "bookworm", "main", keyring="/usr/share/keyrings/d.gpg"
    )
    sandbox.converge(own)
    assert "Components: main\nSigned-By: /usr/share/keyrings/d.gpg\n" in sandbox.read(
        "/etc/apt/sources.list.d/kubeboot-os.sources"
    )
    assert not sandbox.path("/etc/apt/keyrings").exists()


@dataclass(frozen=True)
class RealKey:
    """An OpenPGP key that gpg made for this test run."""

    text: str
    fingerprint: str


@pytest.fixture(scope="module")
def real_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKey]:
    home = tmp_path_factory.mktemp("gpg", numbered=True)
    home.chmod(0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "")
    try:
        subprocess.run(
            [*gpg, "--quick-generate-key", "a@b", "ed25519", "sign", "never"], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"gpg makes no key here: {error}")
    text = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True, text=True).stdout
    listing = subprocess.run([*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True).stdout
    fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
    yield RealKey(text, fingerprint)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)


needs_apt_helper = pytest.mark.skipif(not Path("/usr/lib/apt/apt-helper").exists(), reason="needs apt-helper")


@needs_apt_helper
@pytest.mark.parametrize("has_fingerprint", (True, False))
def test_i1_i2_i3_repository_with_a_key_by_address_converges(
    sandbox: Sandbox, real_key: RealKey, has_fingerprint: bool
) -> None:
    sandbox.write("/opt/key.asc", real_key.text)
    fingerprints = ("AB" * 20, real_key.fingerprint) if has_fingerprint else ()
    sandbox.converge(repository(key_url="copy:/opt/key.asc", fingerprints=fingerprints))
    assert sandbox.read(KEYRING) == real_key.text


@needs_apt_helper
def test_a_key_of_another_fingerprint_is_refused_and_not_kept(sandbox: Sandbox, real_key: RealKey) -> None:
    sandbox.write("/opt/key.asc", real_key.text)
    run = sandbox.run(repository(key_url="copy:/opt/key.asc", fingerprints=("AB" * 20,)))
    assert run.statuses == ["failed"]
    assert run.error is not None
    assert f"The key has the fingerprint {real_key.fingerprint}" in run.output
    assert "fingerprints" in run.error.hint
    assert not sandbox.path(KEYRING).exists()
    assert not sandbox.path(SOURCE).exists()


@needs_apt_helper
def test_a_key_whose_fingerprint_no_longer_fits_is_drift(sandbox: Sandbox, real_key: RealKey) -> None:
    sandbox.write("/opt/key.asc", real_key.text)
    sandbox.run(repository(key_url="copy:/opt/key.asc"))
    plan = sandbox.run(repository(key_url="copy:/opt/key.asc", fingerprints=("AB" * 20,)), mode="plan")
    assert plan.reason == "key differs"


@needs_apt_helper
def test_a_web_page_is_no_key(sandbox: Sandbox) -> None:
    sandbox.write("/opt/key.asc", "<html>please log in</html>\n")
    run = sandbox.run(repository(key_url="copy:/opt/key.asc"))
    assert "is not an armored OpenPGP key" in run.output
    assert not sandbox.path(KEYRING).exists()


@contextmanager
def held(apt: Sandbox, name: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another program's lock, as apt and dpkg take theirs (fcntl), for that long."""
    apt.write(name, "")
    holder = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.lockf(file, fcntl.LOCK_EX); "
        "print('held', flush=True); time.sleep(float(sys.argv[2]))"
    )
    command = [sys.executable, "-c", holder, str(apt.path(name)), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("name", ("/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock"))
def test_another_programs_lock_is_waited_for_by_name(apt: Sandbox, name: str) -> None:
    with held(apt, name, 3) as process:
        run = apt.run(WANTED)
    assert run.statuses == ["changed"]
    assert len(run.waits) == 1
    assert run.waits[0].endswith(f"(process {process.pid}) to release {name}")


def test_a_lock_that_is_not_released_names_its_holder(apt: Sandbox) -> None:
    with held(apt, "/var/lib/dpkg/lock", 60) as process:
        run = apt.run(WANTED, package_lock_s=1)
    assert run.error is not None
    assert f"(process {process.pid}), and was not released within 1 s" in run.error.output
    assert installed(apt) == []


def test_a_plan_says_newest_where_no_repository_tells_a_version(apt: Sandbox) -> None:
    apt.write("/var/lib/fake-apt/repository", "")
    plan = apt.run(WANTED, mode="plan")
    assert plan.diffs[0] == "curl: not installed -> newest\nkubelet: not installed -> 1.29.15\n"
