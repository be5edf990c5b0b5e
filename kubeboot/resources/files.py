"""Files and managed blocks in files that also belong to somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.resources.base import Plain, Secret
from kubeboot.resources.quoting import content_command, sh, words


@dataclass(frozen=True, slots=True)
class File(Plain):
    """A whole file with this content, mode and owner.

    `restarts` names a service that must restart when the content changes; a Service resource later in the script, or
    in the next run if this one dies in between, does it. With `is_secret` the content travels as a secret, and a
    diff says only that it differs.
    """

    path: str
    content: str
    mode: str = "0644"
    owner: str = "root:root"
    restarts: str = ""
    is_secret: bool = False

    @property
    def label(self) -> str:
        return f"file {self.path}"

    @property
    def _secret_name(self) -> str:
        return self.path.strip("/").replace("/", "_")

    def secrets(self) -> tuple[Secret, ...]:
        return (Secret(self._secret_name, self.content),) if self.is_secret else ()

    def _function(self, verb: str) -> str:
        """Shell that defines `content` and calls the prelude's verb for files."""
        body = f'cat "$(secret {sh(self._secret_name)})"\n' if self.is_secret else content_command(self.content)
        return f"content() {{\n{body}}}\n{verb} {words(self.path, self.mode, self.owner, self.restarts)}"

    def check(self) -> str:
        return self._function("file_check")

    def apply(self) -> str:
        return self._function("file_apply")

    def diff(self) -> str:
        return "echo '(secret, changed)'" if self.is_secret else self._function("file_diff")


@dataclass(frozen=True, slots=True)
class Block(Plain):
    """Lines between two marks in a file whose other lines are somebody else's. The file is made if it is not there."""

    path: str
    name: str
    lines: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"block {self.name} in {self.path}"

    def _function(self, verb: str) -> str:
        begin, end = f"# BEGIN {self.name} (managed by kubeboot)", f"# END {self.name} (managed by kubeboot)"
        content = "".join(f"{line}\n" for line in (begin, *self.lines, end))
        return f"content() {{\n{content_command(content)}}}\n{verb} {words(self.path, begin, end)}"

    def check(self) -> str:
        return self._function("block_check")

    def apply(self) -> str:
        return self._function("block_apply")

    def diff(self) -> str:
        return self._function("block_diff")
