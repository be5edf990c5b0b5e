"""I9: secrets are hidden, in Python and by sed alike, and what is no secret stays as it is."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeboot import redaction
from kubeboot.redaction import learn, redact, sed_script

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nq1w2e3==\n-----END RSA PRIVATE KEY-----"
HEX = "0123456789abcdef" * 4
TOKEN = "abcdef.0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_values", ())


def by_sed(text: str, script: str) -> str:
    done = subprocess.run(["sed", "-E", script], input=text.encode(), capture_output=True, check=False, env={})
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


SECRET = {
    f"join with {TOKEN} now": "join with *** now",
    f"{TOKEN} {TOKEN}.": "*** ***.",
    f"certificateKey: {HEX}": "certificateKey: ***",
    f"--certificate-key {HEX}": "--certificate-key ***",
    f"Certificate key={HEX}": "Certificate key=***",
    "    client-key-data: LS0tLS1CRUdJTg==": "    client-key-data: ***",
    '"client-key-data":"LS0tLS1CRUdJTg=="}': '"client-key-data":"***"}',
    "> Authorization: Basic dXNlcjpwYXNz": "> Authorization: Basic ***",
    "http://me:pw@proxy:3128/ refused": "http://***@proxy:3128/ refused",
    '      password = "a \\" b" # c': "      password = *** # c",
    "password: it's": "password: ***",
    '{"auth": "dXNlcjpwYXNz"}': '{"auth": "***"}',
    "bearer eyJhbGciOiJSUzI1NiI.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl!": "bearer ***!",
    f"one\n{KEY}\ntwo": "one\n***\ntwo",
    f"one {KEY} two".replace("\n", "\\n"): "one *** two",
}
NO_SECRET = (
    f"sha256:{HEX}",
    f"--discovery-token-ca-cert-hash sha256:{HEX}",
    "certificate-authority-data: LS0tLS1CRUdJTg==",
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
    "https://10.0.0.1:6443/api?a=b",
    "a password is required",
    "kubelet.conf, admin.conf, kube-system, registry.k8s.io/pause:3.9",
    "mail me@example.com",
    "node1   Ready   control-plane   v1.29.15   10.66.0.11",
)


@pytest.mark.parametrize("text", SECRET)
def test_i9_what_has_the_shape_of_a_secret_is_hidden(text: str) -> None:
    assert redact(text) == SECRET[text]
    assert by_sed(f"{text}\n", sed_script(())) == f"{SECRET[text]}\n"


@pytest.mark.parametrize("text", NO_SECRET)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text
    assert by_sed(f"{text}\n", sed_script(())) == f"{text}\n"


def test_i9_a_key_that_is_cut_off_is_hidden() -> None:
    head, tail = KEY[:50], KEY[40:]
    assert redact(f"one\n{head}") == "one\n***"
    assert redact(f"{tail}\ntwo") == "***\ntwo"
    assert "MIIE" not in by_sed(f"one\n{head}", sed_script(()))


def test_i9_a_key_that_was_learnt_is_hidden_wherever_it_stands() -> None:
    kubeconfig = "apiVersion: v1\nusers:\n- user:\n    client-key-data: LS0tLS1CRUdJTg==\n"
    assert redact("got LS0tLS1CRUdJTg==") == "got LS0tLS1CRUdJTg=="
    learn(kubeconfig)
    assert redact("got LS0tLS1CRUdJTg==") == "got ***"
    assert redact("apiVersion: v1") == "apiVersion: v1"


def test_a_short_value_would_hide_ordinary_words() -> None:
    learn("test")
    learn("")
    assert redact("a test") == "a test"


def test_i9_the_longest_value_is_hidden_first() -> None:
    learn("secret")
    learn("secret-and-more")
    assert redact("the secret-and-more, the secret") == "the ***, the ***"


def test_i9_a_host_gets_no_values_but_those_it_has() -> None:
    learn("hunter2-of-one-host")
    learn("hunter2-of-another")
    script = sed_script(["login: hunter2-of-one-host\n"])
    assert "one-host" in script
    assert "another" not in script


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=6, max_size=40)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PRINTABLE.filter(lambda value: value.strip() == value), st.sampled_from(["", " ", "x", "'"]))
def test_i9_any_value_is_hidden_by_python_and_by_sed(value: str, beside: str) -> None:
    redaction._values = ()
    learn(value)
    text = f"a {beside}{value}{beside} b\n"
    assert value not in redact(text)
    assert value not in by_sed(text, sed_script([value]))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert redact(redact(text)) == redact(text)
