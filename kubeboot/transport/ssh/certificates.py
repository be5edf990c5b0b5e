"""Host certificates: the other way to vouch for a host, by an authority that known_hosts marks @cert-authority.

Format and rules: OpenSSH's PROTOCOL.certkeys. Paramiko checks that the server holds the certified key and nothing else
of the certificate. Stricter than ssh: a certificate without principals is for nobody.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass

import paramiko

from kubeboot.transport.hostkeys import HostKey, Vouchers, matches_pattern

SUFFIX = "-cert-v01@openssh.com"
HOST_CERTIFICATE = 2
KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The fields that decide. `signed` is what `signature` is about; times are Unix seconds."""

    purpose: int
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical: bytes
    authority: HostKey
    signed: bytes
    signature: bytes


def certificate_types(key_types: tuple[str, ...]) -> tuple[str, ...]:
    """What to ask a server for so that it shows a certificate."""
    rsa = [f"rsa-sha2-{bits}{SUFFIX}" for bits in (512, 256)]
    return tuple(name for kind in key_types for name in (rsa if kind == "ssh-rsa" else [kind + SUFFIX]))


def parse(blob: bytes) -> Certificate:
    """Raises ValueError for anything that is no certificate."""
    message = paramiko.Message(blob)
    kind = message.get_text().removesuffix(SUFFIX)
    if kind not in KEY_FIELDS:
        raise ValueError(f"not a certificate of a known type: {kind!r}")
    for _ in range(1 + KEY_FIELDS[kind]):  # the nonce, then the key's own numbers
        message.get_binary()
    message.get_int64()  # serial
    purpose = message.get_int()
    message.get_binary()  # key id
    names = paramiko.Message(message.get_binary())
    principals: list[str] = []
    while names.get_remainder():
        principals.append(names.get_text())
    after, before = message.get_int64(), message.get_int64()
    critical = message.get_binary()
    message.get_binary()  # extensions
    message.get_binary()  # reserved
    authority = message.get_binary()
    signed = message.get_so_far()
    if int.from_bytes(blob[len(signed) :][:4], "big") != len(blob) - len(signed) - 4:
        raise ValueError("its length is wrong")  # paramiko's Message pads what is missing and ignores what is too much
    authority_kind = paramiko.Message(authority).get_text()
    return Certificate(
        purpose,
        tuple(principals),
        after,
        before,
        critical,
        HostKey(authority_kind, authority),
        signed,
        message.get_binary(),
    )


def problem(blob: bytes, name: str, known: Vouchers) -> str:
    """Why the certificate does not vouch for `name`; empty when it does."""
    try:
        certificate = parse(blob)
    except (ValueError, paramiko.SSHException, IndexError) as error:
        return f"its certificate cannot be read: {error}"
    authority = certificate.authority
    if not any(hmac.compare_digest(entry.key.blob, authority.blob) for entry in known.authorities):
        return f"its certificate is signed by {authority.fingerprint}, which is no @cert-authority here"
    if any(hmac.compare_digest(entry.key.blob, authority.blob) for entry in known.revoked):
        return f"its certificate's authority {authority.fingerprint} is @revoked"
    if certificate.purpose != HOST_CERTIFICATE or len(certificate.critical):
        return "its certificate is not a plain host certificate"
    if not any(matches_pattern(principal.lower(), name.lower()) for principal in certificate.principals):
        return f"its certificate is for {', '.join(certificate.principals) or 'nobody'}, not for {name}"
    if not certificate.valid_after <= time.time() < certificate.valid_before:
        return "its certificate is not valid now (expired, or a clock is wrong)"
    try:
        return "" if _is_signed(certificate) else "its certificate's signature is wrong"
    except (paramiko.SSHException, paramiko.pkey.UnknownKeyType, ValueError) as error:
        return f"its certificate's signature cannot be checked: {error}"


def _is_signed(certificate: Certificate) -> bool:
    authority = certificate.authority
    if paramiko.Message(certificate.signature).get_text() == "ssh-rsa":  # SHA-1
        return False
    key = paramiko.PKey.from_type_string(authority.kind, authority.blob)
    return bool(key.verify_ssh_sig(certificate.signed, paramiko.Message(certificate.signature)))
