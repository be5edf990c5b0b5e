"""`kubeboot completion`."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete kubeboot's commands with Tab.

    Commands, options, names of hosts, phases, preflight findings and inventory keys. Try it in the shell you are in,
    or write it down for all that come:

    \b
      bash  source <(kubeboot completion bash)
            kubeboot completion bash > \\
              ~/.local/share/bash-completion/completions/kubeboot
      zsh   source <(kubeboot completion zsh)       (after compinit)
            kubeboot completion zsh > DIR/_kubeboot (DIR in your fpath)
      fish  kubeboot completion fish | source
            kubeboot completion fish > \\
              ~/.config/fish/completions/kubeboot.fish
    """
    from kubeboot.cli.completing import script

    click.echo(script(shell), nl=False)
