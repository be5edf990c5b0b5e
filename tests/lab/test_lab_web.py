"""The mirror's web server, on loopback."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubelab.serve import web

TEXT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    content = tmp_path / "content"
    (content / "core:" / "deb").mkdir(parents=True)
    (content / "core:" / "deb" / "a+b_1.deb").write_bytes(TEXT)
    (tmp_path / "outside").write_text("no")
    server = web.make_server("127.0.0.1", 0, content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def ask(client: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    client.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = client.getresponse()
    return answer.status, answer.read(), answer.headers


@pytest.mark.parametrize("path", ["/core:/deb/a+b_1.deb", "/core:/deb/a%2bb_1.deb", "/core%3A/deb/a+b_1.deb?x=y"])
def test_files_come_whole_over_one_connection(connection: http.client.HTTPConnection, path: str) -> None:
    for _ in range(3):
        status, body, headers = ask(connection, path)
        assert (status, body) == (200, TEXT)
        assert headers["Content-Length"] == str(len(TEXT))


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=10-19", 206, TEXT[10:20]),
        ("bytes=1048570-", 206, TEXT[1048570:]),
        ("bytes=9999999-", 200, TEXT),
        ("lines=1-2", 200, TEXT),
    ],
)
def test_ranges(connection: http.client.HTTPConnection, asked: str, status: int, expected: bytes) -> None:
    found, body, _ = ask(connection, "/core:/deb/a+b_1.deb", Range=asked)
    assert (found, body) == (status, expected)


def test_unchanged_files_are_not_sent_again(connection: http.client.HTTPConnection) -> None:
    _, _, headers = ask(connection, "/core:/deb/a+b_1.deb")
    status, body, _ = ask(connection, "/core:/deb/a+b_1.deb", If_Modified_Since=headers["Last-Modified"])
    assert (status, body) == (304, b"")


def test_head_has_no_body(connection: http.client.HTTPConnection) -> None:
    connection.request("HEAD", "/core:/deb/a+b_1.deb")
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.headers["Content-Length"]) == (200, b"", str(len(TEXT)))


@pytest.mark.parametrize("path", ["/", "/nix", "/core:/deb", "/../outside", "/%2e%2e/outside"])
def test_all_else_is_not_found(connection: http.client.HTTPConnection, path: str) -> None:
    status, _, _ = ask(connection, path)
    assert status == 404
