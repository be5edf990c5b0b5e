"""Fetching from a loopback web server: what is asked for, what is checked, what is cached, and what errors say."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kubeboot.addons import download as downloading
from kubeboot.addons.fetch import Source, read_source
from kubeboot.addons.load import load_addons
from kubeboot.addons.store import default_cache, digest
from kubeboot.errors import SourceError
from kubeboot.model import Addons, Calico, UserManifest
from tests.addons.conftest import make_cluster
from tests.addons.small import CALICO

GOOD = CALICO.encode()


class Web(ThreadingHTTPServer):
    """Answers from `pages` (path -> status, headers, body) and remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, headers, body = self.server.pages.get(self.path, (404, {}, b"no"))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A running web server, reached without this machine's proxies."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Web() as server:
        server.pages["/a.yaml"] = (200, {}, GOOD)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def source(location: str, sha256: str = digest(GOOD)) -> Source:
    return Source("calico 9.9.9", location, sha256, "name a mirror")


def refused(wanted: Source, cache: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_source(wanted, cache)
    assert wanted.location in caught.value.message
    assert caught.value.hint
    return caught.value


def test_downloaded_once_then_from_the_cache(web: Web, cache: Path) -> None:
    wanted = source(f"{web.url}/a.yaml")
    assert read_source(wanted, cache) == GOOD
    assert read_source(wanted, cache) == GOOD
    assert web.asked == ["/a.yaml"]
    (stored,) = cache.iterdir()
    assert stored.name == f"{digest(GOOD)}.yaml"
    assert stored.stat().st_mode & 0o777 == 0o644


def test_a_damaged_cache_is_downloaded_again(web: Web, cache: Path) -> None:
    wanted = source(f"{web.url}/a.yaml")
    read_source(wanted, cache)
    (stored,) = cache.iterdir()
    stored.write_bytes(GOOD + b"evil")
    assert read_source(wanted, cache) == GOOD
    assert stored.read_bytes() == GOOD
    assert len(web.asked) == 2


def test_wrong_content_is_refused_and_not_cached(web: Web, cache: Path) -> None:
    error = refused(source(f"{web.url}/a.yaml", "0" * 64), cache)
    assert "0" * 64 in error.message
    assert digest(GOOD) in error.message
    assert error.reference == "manifest-checksum"
    assert "name a mirror" in error.hint
    assert not cache.exists()


def test_not_found(web: Web, cache: Path) -> None:
    error = refused(source(f"{web.url}/b.yaml"), cache)
    assert "the server answers 404 Not Found" in error.message
    assert error.hint == "name a mirror"
    assert error.reference == "manifest-unavailable"


def test_refused_and_unknown_name(web: Web, cache: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.yaml"
        assert "connection refused" in refused(source(url), cache).message
    assert "known" in refused(source("http://no-such-host.invalid/a.yaml"), cache).message.lower()


def test_redirects_lead_to_http_only(web: Web, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(GOOD)
    web.pages["/moved"] = (302, {"Location": "/a.yaml"}, b"")
    assert read_source(source(f"{web.url}/moved"), cache) == GOOD
    for target in (f"file://{tmp_path}/a.yaml", "ftp://127.0.0.1/a.yaml"):
        web.pages["/out"] = (302, {"Location": target}, b"")
        refused(source(f"{web.url}/out"), cache / "other")


def test_file_urls_are_not_read(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(GOOD)
    assert "only http and https" in refused(source(f"file://{tmp_path}/a.yaml"), cache).message


def test_a_url_without_a_sha256_is_not_read(web: Web, cache: Path) -> None:
    assert "sha256" in refused(source(f"{web.url}/a.yaml", ""), cache).message
    assert web.asked == []


def test_cut_short_too_large_and_too_slow(web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/cut"] = (200, {"Content-Length": str(len(GOOD) + 10), "Connection": "close"}, GOOD)
    assert "the connection ended after" in refused(source(f"{web.url}/cut"), cache).message
    monkeypatch.setattr(downloading, "MOST_BYTES", 1000)
    assert "larger than" in refused(source(f"{web.url}/a.yaml"), cache).message
    monkeypatch.setattr(downloading, "TOTAL_TIMEOUT_S", -1.0)
    monkeypatch.setattr(downloading, "MOST_BYTES", 10**6)
    assert "took longer" in refused(source(f"{web.url}/a.yaml"), cache).message


def test_a_silent_server(cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "IDLE_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.yaml"
        assert "no answer within" in refused(source(url), cache).message


def test_what_speaks_no_http(cache: Path, web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        refused(source(f"http://127.0.0.1:{other.getsockname()[1]}/a.yaml"), cache)
        thread.join()


def test_the_environment_s_proxy_is_asked(web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    web.pages["http://upstream.invalid/a.yaml"] = (200, {}, GOOD)
    assert read_source(source("http://upstream.invalid/a.yaml"), cache) == GOOD


def test_files_are_checked_each_time(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(GOOD)
    assert read_source(source(str(path)), cache) == GOOD
    path.write_bytes(GOOD + b"#")
    assert "new sha256" in refused(source(str(path)), cache).hint
    assert read_source(source(str(path), ""), cache) == GOOD + b"#"
    assert "no such file or directory" in refused(source(str(tmp_path / "none"), ""), cache).message
    assert "is a directory" in refused(source(str(tmp_path), ""), cache).message


def test_a_cache_that_cannot_be_written_is_no_error(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert read_source(source(f"{web.url}/a.yaml"), tmp_path / "file" / "cache") == GOOD


def test_the_cache_s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert default_cache() == Path("/var/cache/me/kubeboot/manifests")
    monkeypatch.setenv("HOME", "/home/me")
    for given in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert default_cache() == Path("/home/me/.cache/kubeboot/manifests")


def test_the_mirror_and_the_alternatives_are_named(web: Web, cache: Path) -> None:
    with pytest.raises(SourceError) as caught:
        load_addons(make_cluster(Addons(ingress_nginx=None), manifests=f"{web.url}/m"), cache)
    assert web.asked == ["/m/projectcalico/calico/v3.27.5/manifests/calico.yaml"]
    assert "mirrors.manifests" in caught.value.hint
    assert "addons.calico.manifest: PATH" in caught.value.hint


def test_a_second_run_asks_nobody(web: Web, cache: Path) -> None:
    calico = Calico(manifest=f"{web.url}/a.yaml", manifest_sha256=digest(GOOD))
    own = UserManifest("own", url=f"{web.url}/a.yaml", sha256=digest(GOOD))
    cluster = make_cluster(Addons(calico, None, (own,)))
    first = load_addons(cluster, cache)
    assert first[1].manifest == CALICO
    assert load_addons(cluster, cache) == first
    assert web.asked == ["/a.yaml"]
    changed = dataclasses.replace(cluster, networking=dataclasses.replace(cluster.networking, pod_subnet="10.2.0.0/16"))
    assert load_addons(changed, cache) != first
    assert web.asked == ["/a.yaml"]
