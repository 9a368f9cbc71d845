"""Where a source lies."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.variables import expanded
from wenlu.storage.by_uri import STORAGES
from wenlu.storage.local import files_under, sha256_file
from wenlu.storage.spool import spool

_PACKAGE = "package:"
_SCHEME = re.compile(r"(?!file:|package:)[a-zA-Z][a-zA-Z0-9+.-]+:/")  # one letter is a drive: C:/texts


def locate(uri: str) -> Path:
    """The local path of `uri`: a path, `file:PATH`, `package:NAME/FILE` inside an installed package, or an object of a
    storage (`s3://BUCKET/KEY`), which is fetched first if it is not here yet.

    Raises WenluError: `not_set` (a ${VARIABLE} that is not), `missing_package`, `no_source` (nothing lies there),
    `unknown_scheme`, and what the storage raises.
    """
    place = expanded(uri)
    if _SCHEME.match(place):
        return _fetched(place)
    if "\0" in place:
        raise WenluError("no_source", f"{uri!r} can't be a path.")
    path = _in_package(place) if place.startswith(_PACKAGE) else Path(place.removeprefix("file:")).absolute()
    if not path.exists():
        raise WenluError("no_source", f"There is nothing at {uri} (looked at {path}).", hint="Check the spelling.")
    return path


def digest(path: Path) -> tuple[int, str]:
    """How many files lie at `path`, and a hex SHA-256 of the file, or of the names and bytes of all of a folder."""
    if not path.is_dir():
        return 1, sha256_file(path)
    whole, files = hashlib.sha256(), 0
    for one in files_under(path):
        whole.update(os.fsencode(one.relative_to(path).as_posix()) + b"\0" + sha256_file(one).encode())
        files += 1
    return files, whole.hexdigest()


def _fetched(uri: str) -> Path:
    if uri.partition(":")[0].lower() not in STORAGES:
        raise WenluError(
            "unknown_scheme", f"{uri} is not on this machine.", hint="Copy it here first, and give its path."
        )
    return spool(uri)


def _in_package(uri: str) -> Path:
    """A file of an installed package, found without importing (and so running) the package."""
    package, _, inside = uri.removeprefix(_PACKAGE).partition("/")
    if not package.isidentifier():
        raise WenluError("no_source", f"{uri} should look like package:NAME/FILE.")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WenluError(
            "missing_package",
            f"{uri} lies inside the package '{package}', which is not installed.",
            hint="Install the sample texts with: pip install 'wenlu[samples]'",
        )
    folder = Path(next(iter(spec.submodule_search_locations))).resolve()
    path = (folder / inside).resolve()
    if not path.is_relative_to(folder):
        raise WenluError("no_source", f"{uri} leads outside the package.")
    return path
