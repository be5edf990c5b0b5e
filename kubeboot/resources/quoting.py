"""The one way a value gets into shell text."""

import shlex

HEREDOC_END = "KUBEBOOT_END"


def sh(value: str) -> str:
    """Quote for bash. NUL cannot stand in a shell word and never comes out of a valid inventory."""
    if "\0" in value:
        raise ValueError("NUL in a value for the shell")
    return shlex.quote(value)


def words(*values: str) -> str:
    """Several quoted words."""
    return " ".join(sh(value) for value in values)


def content_command(text: str) -> str:
    """A command that prints `text`, readable in the script: a quoted here-document wherever that is exact."""
    is_exact = text.endswith("\n") and not {"\r", "\0"} & set(text) and f"\n{HEREDOC_END}\n" not in f"\n{text}"
    if is_exact:
        return f"cat <<'{HEREDOC_END}'\n{text}{HEREDOC_END}\n"
    return f"printf '%s' {sh(text)}\n"
