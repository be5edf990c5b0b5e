"""Private keys: each file read once for all hosts, and a passphrase asked for once."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import paramiko

from kubeboot.transport.credentials import Ask

TRIES = 3


class KeyUnusable(Exception):
    """The key file cannot be used; the message says why."""


class KeyLocked(Exception):
    """The key has a passphrase that was not asked for yet: `KeyRing.unlock` does, once no connection is held open."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class KeyEncrypted(Exception):
    """The key has a passphrase and nobody gives it; `is_wrong`: what was given did not fit."""

    def __init__(self, is_wrong: bool) -> None:
        super().__init__("wrong passphrase" if is_wrong else "no passphrase")
        self.is_wrong = is_wrong


class KeyRing:
    """The key files of one run; safe to share between threads. Without `ask` an encrypted key is not usable."""

    def __init__(self, ask: Ask | None = None) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asking = threading.Lock()  # apart: who only loads must not wait, with a connection open, while one types
        self._keys: dict[Path, paramiko.PKey] = {}
        self._refused: dict[Path, KeyEncrypted] = {}

    def load(self, path: Path) -> paramiko.PKey:
        """The key. Raises KeyUnusable, KeyLocked or KeyEncrypted."""
        with self._lock:
            if path in self._refused:
                raise self._refused[path]
            if path not in self._keys:
                key = _read(path)
                if key is None and self._ask is None:
                    raise KeyEncrypted(is_wrong=False)
                if key is None:
                    raise KeyLocked(path)
                self._keys[path] = key
            return self._keys[path]

    def unlock(self, path: Path) -> None:
        """Ask for the passphrase, unless another thread has: then `load` knows. Up to three times, as ssh does."""
        with self._asking:
            is_wrong = False
            for _ in range(TRIES):
                if path in self._keys or path in self._refused or self._ask is None:
                    return
                again = "That is not it. " if is_wrong else ""
                passphrase = self._ask(f"{again}Passphrase of {path}: ")
                if passphrase is None:
                    break
                if key := _read(path, passphrase):
                    self._keys[path] = key
                is_wrong = True
            if path not in self._keys:
                self._refused[path] = KeyEncrypted(is_wrong)


def _read(path: Path, passphrase: str = "") -> paramiko.PKey | None:
    """The key of the file; None when it wants another passphrase. Raises KeyUnusable."""
    try:
        # By position: paramiko 5 renamed the argument. Bytes, whatever the stubs say: text is refused.
        return paramiko.PKey.from_path(path, passphrase.encode() or None)  # type: ignore[arg-type]
    except (paramiko.PasswordRequiredException, TypeError):  # cryptography: TypeError for a missing password
        return None
    except OSError as error:
        raise KeyUnusable(error.strerror or str(error)) from None
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
        if passphrase:
            return None
        raise KeyUnusable("it is not a private key") from None


def public_blob(path: Path) -> bytes:
    """The public half of a key file, encrypted or not; empty when it does not tell.

    From the .pub file beside it, else from an OpenSSH key's header, where it stands in clear (PROTOCOL.key).
    """
    try:
        fields = path.with_name(path.name + ".pub").read_text(encoding="utf-8").split()
        return base64.b64decode(fields[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        body = "".join(line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("-----"))
        data = base64.b64decode(body)
        magic = b"openssh-key-v1\0"
        if not data.startswith(magic):
            return b""
        message = paramiko.Message(data[len(magic) :])
        for _ in range(3):  # cipher, kdf, kdf options
            message.get_binary()
        message.get_int()
        return bytes(message.get_binary())
    except (OSError, ValueError):
        return b""
