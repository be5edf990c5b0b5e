"""The web server of the mirror: a folder over HTTP/1.1 with keep-alive and ranges; files go out by sendfile."""

from __future__ import annotations

import os
import re
import socket
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_TYPES = {".yaml": "application/yaml", ".deb": "application/vnd.debian.binary-package"}


class Handler(SimpleHTTPRequestHandler):
    """GET and HEAD of files below one folder; everything else is 404."""

    protocol_version = "HTTP/1.1"
    server_version = "lab-mirror"
    timeout = 60

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        path = self._file()
        if path is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with path.open("rb") as source:
            status = os.fstat(source.fileno())
            modified = self.date_time_string(int(status.st_mtime))
            if self.headers.get("If-Modified-Since") == modified:
                self.send_response(HTTPStatus.NOT_MODIFIED)
                self.end_headers()
                return
            first, last = self._asked_range(status.st_size)
            self.send_header("Content-Type", _TYPES.get(path.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(last - first + 1))
            self.send_header("Last-Modified", modified)
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            if with_body:
                self._send(source, first, last - first + 1)

    def _file(self) -> Path | None:
        """The file that the request names, if it lies below the served folder."""
        top = Path(self.directory).resolve()
        path = (top / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        return path if path.is_relative_to(top) and path.is_file() else None

    def _asked_range(self, size: int) -> tuple[int, int]:
        """First and last byte to send; sends the status line that goes with them."""
        found = _RANGE.fullmatch(self.headers.get("Range", ""))
        if not found or int(found[1]) >= size:
            self.send_response(HTTPStatus.OK)
            return 0, size - 1
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        return first, last

    def _send(self, source: BinaryIO, first: int, count: int) -> None:
        self.wfile.flush()
        self.connection.sendfile(source, first, count)


class Server(ThreadingHTTPServer):
    """One thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Clients that hang up are nobody's error: hosts lose power here. All else goes to the log."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def make_server(address: str, port: int, folder: Path) -> Server:
    """A server that is bound and ready to serve_forever."""
    return Server((address, port), partial(Handler, directory=str(folder)))
