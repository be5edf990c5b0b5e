"""Images and the registry's storage, written without a container engine."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from kubelab.builder import ingress
from kubelab.builder.image import Content, write_image, write_layer
from kubelab.builder.registry import store


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_layer_has_files_links_and_their_folders(tmp_path: Path, program: Path) -> None:
    content = Content({"/usr/local/bin/tool": program}, {"/bin/alias": "tool"}, ["/var/empty"])
    write_layer(content, tmp_path / "layer")
    with tarfile.open(tmp_path / "layer/layer.tar.gz") as archive:
        entries = {entry.name: entry for entry in archive}
    assert set(entries) == {
        "usr", "usr/local", "usr/local/bin", "usr/local/bin/tool", "bin", "bin/alias", "var/empty",
    }  # fmt: skip
    assert entries["usr/local/bin/tool"].mode == 0o755
    assert entries["bin/alias"].linkname == "tool"


def test_layers_are_the_same_every_time(tmp_path: Path, program: Path) -> None:
    for name in ("one", "two"):
        write_layer(Content({"/tool": program}), tmp_path / name)
    one, two = ((tmp_path / name / "layer.tar.gz").read_bytes() for name in ("one", "two"))
    assert one == two
    plain = hashlib.sha256(gzip.decompress(one)).hexdigest()
    assert (tmp_path / "one/diff_id").read_text() == f"sha256:{plain}"


def test_every_digest_in_the_registry_is_true(tmp_path: Path, program: Path) -> None:
    write_layer(Content({"/tool": program}), tmp_path / "layer")
    write_image(tmp_path / "image", ["a/b:1", "b:2"], [tmp_path / "layer"], {"Entrypoint": ["/tool"]})
    registry = tmp_path / "registry"
    assert store(tmp_path / "image", registry) == ["a/b:1", "b:2"]
    blobs = {path.parent.name: path.read_bytes() for path in registry.glob("blobs/sha256/*/*/data")}
    assert len(blobs) == 3  # manifest, configuration, layer
    for digest, data in blobs.items():
        assert hashlib.sha256(data).hexdigest() == digest
    link = (registry / "repositories/a/b/_manifests/tags/1/current/link").read_text()
    manifest = json.loads(blobs[link.removeprefix("sha256:")])
    for part in (manifest["config"], *manifest["layers"]):
        digest = part["digest"].removeprefix("sha256:")
        assert len(blobs[digest]) == part["size"]
        assert (registry / f"repositories/b/_layers/sha256/{digest}/link").read_text() == part["digest"]


TEMPLATE = """pid {{ .PID }};
http {
    server {
        listen 127.0.0.1:{{ .StatusPort }};
    }
}
stream {
    server {
    }
}
"""


def test_the_nginx_template_is_adapted_in_three_places() -> None:
    text = ingress.adapt_template(TEMPLATE)
    assert text.count("load_module") == 3
    assert "stream {" not in text
    assert "        listen 127.0.0.1:{{ .StreamPort }};" in text


def test_an_unknown_nginx_template_is_refused() -> None:
    with pytest.raises(ValueError, match="not the known one"):
        ingress.adapt_template("pid {{ .PID }};\n")
