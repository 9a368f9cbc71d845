"""`python -m wenlu.serving BUNDLE [--port 0]`: a service whose first line of output is its address."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.serving.service import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m wenlu.serving", description="Serve a bundle over HTTP.")
    parser.add_argument("bundle", type=Path, help="A bundle's folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000, help="0 takes any that is free")
    options = parser.parse_args()
    try:
        serve(options.bundle, host=options.host, port=options.port, on_ready=_announce)
    except WenluError as error:
        sys.stderr.write(f"wenlu: {error}\n")
        sys.exit(1)


def _announce(address: str) -> None:
    sys.stdout.write(address + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
