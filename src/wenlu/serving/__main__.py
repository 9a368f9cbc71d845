"""`python -m wenlu.serving BUNDLE [--port 0]`: a service whose first line of output is its address."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.sizes import bytes_of
from wenlu.serving.cache.settings import CacheSettings
from wenlu.serving.flow.keys import KeyFolder
from wenlu.serving.service import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m wenlu.serving", description="Serve a bundle over HTTP.")
    parser.add_argument("bundle", type=Path, help="A bundle's folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000, help="0 takes any that is free")
    parser.add_argument("--keys", type=Path, help="A folder of keys, of which who asks needs one")
    parser.add_argument("--cache-memory", default="64MiB", help="Memory for answers given before")
    parser.add_argument("--cache-disk", default="1GiB", help="Disk for answers given before")
    parser.add_argument("--cache-folder", type=Path, help="Where they are")
    options = parser.parse_args()
    try:
        cache = CacheSettings(bytes_of(options.cache_memory), bytes_of(options.cache_disk), options.cache_folder)
        keys = KeyFolder(options.keys) if options.keys else None
        serve(options.bundle, host=options.host, port=options.port, on_ready=_announce, cache=cache, keys=keys)
    except WenluError as error:
        sys.stderr.write(f"wenlu: {error}\n")
        sys.exit(1)


def _announce(address: str) -> None:
    sys.stdout.write(address + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
