"""python -m kubelab.serve HUB_ADDRESS HOSTS_FOLDER CONTENT_FOLDER: the mirror's resolver and web server."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from . import resolver, web


def main() -> None:
    """Run both until the process is ended."""
    address, hosts_folder, content = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    prefix = address.rpartition(".")[0]

    def host_address(name: str) -> str | None:
        number = int(name.removeprefix("node"))
        return f"{prefix}.{10 + number}" if (hosts_folder / name).is_dir() else None

    server = web.make_server(address, 80, content)
    names = resolver.lookup_in(address, host_address)
    threading.Thread(target=resolver.serve, args=(address, names), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
