from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bundles import make_bundle

from wenlu.serving.service import serving


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def address(bundle: Path) -> Iterator[str]:
    """A service as users start it, in a process of its own."""
    with serving(bundle) as address:
        yield address
