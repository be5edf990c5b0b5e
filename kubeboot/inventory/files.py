"""Files of this machine that the inventory names: keys, CA certificates, passwords, manifests."""

from __future__ import annotations

import os
import stat
from pathlib import Path as FilePath

from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Path, quoted
from kubeboot.redaction import learn

MAX_FILE_BYTES = 256 * 1024
PUBLIC_KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
CERTIFICATE = "-----BEGIN CERTIFICATE-----"
REPOSITORIES = ("osPackages", "dockerPackages", "kubernetesPackages")


def resolve(directory: FilePath, text: str) -> FilePath:
    """The absolute path: `~` expanded, else relative to the inventory's folder."""
    try:
        path = FilePath(text).expanduser()
    except RuntimeError:  # ~name of a user who does not exist
        path = FilePath(text)
    return FilePath(os.path.normpath(directory / path))


def check_files(draft: Draft) -> None:
    """Every file the inventory names is there, readable, and what it should be."""
    for name in REPOSITORIES:
        key: Path = ("mirrors", name, "key")
        if _read(draft, key, PUBLIC_KEY, "an armored OpenPGP public key"):
            _check_no_key_url(draft, ("mirrors", name))
    for registry in draft.each("mirrors", "registries"):
        for endpoint in draft.each(*registry):
            _read(draft, (*endpoint, "ca"), CERTIFICATE, "a CA certificate in PEM form")
            _read_password(draft, (*endpoint, "passwordFile"))
    for host in (("ssh",), *((*host, "ssh") for host in draft.each("hosts"))):
        _check_sudo_password(draft, host)
    for addon in ("calico", "ingressNginx"):
        _check_manifest(draft, ("addons", addon, "manifest"))
    for item in draft.each("addons", "manifests"):
        _check_manifest(draft, (*item, "path"))


def check_identities(draft: Draft) -> None:
    """The private keys are there and are private keys. A check of its own: `kubeboot ssh-setup` makes a missing one."""
    for host in (("ssh",), *((*host, "ssh") for host in draft.each("hosts"))):
        _check_identity(draft, (*host, "identityFile"))


def _check_no_key_url(draft: Draft, path: Path) -> None:
    if draft.get((*path, "keyUrl"), ""):
        draft.warn((*path, "keyUrl"), "is not used, because key is given", "remove one of the two")


def _read(draft: Draft, path: Path, marker: str, what: str) -> str | None:
    """The file's text, kept in the draft; None when not given or not usable (then reported)."""
    file = _file(draft, path)
    data = _content(draft, path, file, MAX_FILE_BYTES + 1) if file else None
    if file is None or data is None:
        return None
    text = data.decode(errors="replace")
    if marker not in text or "\ufffd" in text or len(data) > MAX_FILE_BYTES:
        hint = "gpg --export --armor writes such a file" if marker == PUBLIC_KEY else f"it begins with {marker}"
        draft.report(path, f"{quoted(draft.get(path))} is not {what}", hint if marker else "")
        return None
    draft.texts[file] = text
    return text


def _content(draft: Draft, path: Path, file: FilePath, size: int) -> bytes | None:
    try:
        with file.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        draft.report(path, f"{quoted(draft.get(path))} cannot be read: {error.strerror}", "check its permissions")
    return None


def _check_sudo_password(draft: Draft, ssh: Path) -> None:
    _read_password(draft, (*ssh, "sudoPasswordFile"))
    command = (*ssh, "sudoPasswordCommand")
    if draft.get(command) and draft.get((*ssh, "sudoPasswordFile")):
        draft.report(command, "is given beside sudoPasswordFile", "keep one of the two")
    if draft.get(command) and not draft.get(command)[0]:
        draft.report(command, "begins with an empty word", 'write the program first, such as ["pass", "show", "sudo"]')


def _read_password(draft: Draft, path: Path) -> None:
    text = _read(draft, path, "", "a password file")
    file = _file(draft, path) if text is not None else None
    if text is None or file is None:
        return
    password = text.rstrip("\r\n")
    if not password or not password.isprintable():
        message = f"{quoted(draft.get(path))} is not one line with a password"
        draft.report(path, message, "write the password alone into it")
    learn(password)
    draft.texts[file] = password
    _warn_if_open(draft, path, file)
    if path[-1] == "passwordFile" and not draft.get((*path[:-1], "username"), ""):
        draft.report(path, "is given without username", "give both or neither")


def _check_identity(draft: Draft, path: Path) -> None:
    file = _file(draft, path, "; kubeboot ssh-setup makes it")
    head = _content(draft, path, file, 100) if file else None
    if file is None or head is None:
        return
    if b"PRIVATE KEY" not in head:
        hint = f"give {file.stem}, without .pub" if file.suffix == ".pub" else "ssh-keygen writes such a file"
        draft.report(path, f"{quoted(draft.get(path))} is not a private key", hint)
        return
    _warn_if_open(draft, path, file)


def _check_manifest(draft: Draft, path: Path) -> None:
    if "://" not in (draft.get(path, "") or ""):
        _file(draft, path)


def _file(draft: Draft, path: Path, remedy: str = "") -> FilePath | None:
    """The regular file at this path; None when not given, or not there (then reported)."""
    text = draft.get(path, "")
    if not text:
        return None
    file = resolve(draft.directory, text)
    try:
        mode = file.stat().st_mode
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        what = "does not exist" if missing else f"cannot be read: {error.strerror}"
        hint = f"looked for {file}{remedy}" if missing else "check its permissions"
        draft.report(path, f"{quoted(text)} {what}", hint)
        return None
    if not stat.S_ISREG(mode):
        draft.report(path, f"{quoted(text)} is not a file", "give the path of a file")
        return None
    return file


def _warn_if_open(draft: Draft, path: Path, file: FilePath) -> None:
    if file.stat().st_mode & 0o077:
        draft.warn(path, f"{quoted(draft.get(path))} can be read by others", f"chmod 600 {file}")
