"""`python -m kubeboot`."""

from kubeboot.cli import main

main()
