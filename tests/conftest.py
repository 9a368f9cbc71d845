from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is fetched, and what services answered, is kept apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WENLU_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
