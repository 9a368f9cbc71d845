"""A cache in front of a bundle's batcher."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Answer, Estimate
from wenlu.bundle.seal import Bundle
from wenlu.serving.asks import Asks
from wenlu.serving.batching import Batcher
from wenlu.serving.cache.answers import Answers
from wenlu.serving.cache.disk import Disk
from wenlu.serving.cache.keys import SALT_BYTES, Keys, salt_of
from wenlu.serving.cache.memory import Memory
from wenlu.serving.cache.settings import CacheSettings
from wenlu.serving.metrics import Metrics
from wenlu.storage.spool import cache_folder

_log = logging.getLogger("wenlu.serving")

_FILE = "answers.sqlite"


@contextmanager
def opened(settings: CacheSettings) -> Iterator[tuple[bytes, Disk | None]]:
    """The salt and the disk of a cache. Without a disk where none is wanted or can be written; that is logged."""
    folder = settings.folder or cache_folder() / "answers"
    disk: Disk | None = None
    salt = os.urandom(SALT_BYTES)
    if settings.disk:
        try:
            salt = salt_of(folder)
            disk = Disk(folder / _FILE, limit=settings.disk)
        except (OSError, WenluError) as error:
            _log.warning("answers are not kept on disk: %s", error)
    try:
        yield salt, disk
    finally:
        if disk is not None:
            disk.close()


def cached(
    batcher: Batcher, bundle: Bundle, metrics: Metrics, *, settings: CacheSettings, salt: bytes, disk: Disk | None
) -> Asks:
    """The batcher with a cache in front; itself where none is wanted."""
    if not settings.memory and disk is None:
        return batcher
    kind = Answer if bundle.manifest.scale is None else Estimate
    memory = Memory(settings.memory)
    return Answers(batcher, Keys.of(bundle, salt), metrics, memory=memory, disk=disk, kind=kind)
