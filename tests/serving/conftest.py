from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bundles import shared_bundle

from wenlu.serving.service import serving


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_bundle(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def address(bundle: Path) -> Iterator[str]:
    """A service as users start it, in a process of its own."""
    with serving(bundle) as address:
        yield address


class Log(logging.Handler):
    """What was logged, every level, as records and as text."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def text(self) -> str:
        return "\n".join(map(logging.Formatter().format, self.records))


@pytest.fixture
def log() -> Iterator[Log]:
    logger, handler = logging.getLogger("wenlu"), Log()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)
