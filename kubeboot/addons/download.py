"""One HTTP GET with limits. Imported only when something has to be downloaded: urllib costs 30 ms to import."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from kubeboot.addons.fetch import MOST_BYTES

IDLE_TIMEOUT_S = 15.0
TOTAL_TIMEOUT_S = 120.0
CHUNK_BYTES = 64 * 1024


class DownloadFailed(Exception):
    """Why nothing usable came: its text completes the sentence "URL cannot be had: ..."."""


def download(url: str, clock: Callable[[], float] = time.monotonic) -> bytes:
    """The body behind an http or https URL, through the environment's proxies. Raises DownloadFailed."""
    deadline = clock() + TOTAL_TIMEOUT_S
    try:
        with _opener().open(url, timeout=IDLE_TIMEOUT_S) as response:
            return _read(response, lambda: clock() > deadline)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadFailed(f"the server answers {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise DownloadFailed(_reason(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadFailed(_reason(error)) from None


def _opener() -> urllib.request.OpenerDirector:
    """urllib's default opener without file:, ftp: and data:, so that no redirect can lead to one of them."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _read(response: http.client.HTTPResponse, is_late: Callable[[], bool]) -> bytes:
    """The body in chunks: a socket's own timeout would let a server that drips bytes hold the run for ever."""
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MOST_BYTES:
            raise DownloadFailed(f"it is larger than {MOST_BYTES // 1024**2} MiB")
        if is_late():
            raise DownloadFailed(f"it took longer than {TOTAL_TIMEOUT_S:.0f} s")
    expected = response.headers.get("Content-Length")
    if expected and expected.isdigit() and len(body) < int(expected):
        raise DownloadFailed(f"the connection ended after {len(body)} of {expected} bytes")
    return bytes(body)


def _reason(error: object) -> str:
    """One clause for people, without urllib's wrapping."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return f"no answer within {IDLE_TIMEOUT_S:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
