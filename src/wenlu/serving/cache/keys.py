"""What an answer is found by: a keyed digest of what the model reads, in which no text can be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from wenlu.bundle.manifest import MANIFEST
from wenlu.bundle.seal import Bundle
from wenlu.storage.local import write_atomic

SALT_BYTES, KEY_BYTES = 32, 16
_SALT = "salt"


class Keys:
    """Keys of the answers of one bundle.

    Texts that are one text to the model, such as ＡＢＣ and abc where its pipeline makes them so, have one key. Two
    bundles never share one, nor two folders with salts of their own: so nobody who reads a cache finds out by trying
    whether a text was asked.
    """

    def __init__(self, model: bytes, salt: bytes, normalized: Callable[[str], str]) -> None:
        self._key = hashlib.blake2b(model, key=salt, digest_size=32).digest()
        self._normalized = normalized

    @classmethod
    def of(cls, bundle: Bundle, salt: bytes) -> Keys:
        """A bundle is all that its manifest says, digests of weights and text pipeline among it."""
        return cls((bundle.folder / MANIFEST).read_bytes(), salt, bundle.pipeline.normalized)

    def __call__(self, texts: Sequence[str]) -> list[bytes]:
        return [self._digest(self._normalized(text)) for text in texts]

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=KEY_BYTES).digest()


def salt_of(folder: Path) -> bytes:
    """The salt of a cache folder, made where there is none; raises OSError."""
    path = folder / _SALT
    if path.exists() and len(found := path.read_bytes()) == SALT_BYTES:
        return found
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, os.urandom(SALT_BYTES))
    path.chmod(0o600)
    return path.read_bytes()
