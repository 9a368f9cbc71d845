"""Wenlu 文炉: from raw Chinese or Japanese text to an online language-model service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wenlu.sdk.client import AsyncClient as AsyncClient
    from wenlu.sdk.client import Client as Client

    __version__: str

__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    """`Client`, `AsyncClient` and `__version__` on first use, so that `import wenlu` loads nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("wenlu")
    if name in ("Client", "AsyncClient"):
        import wenlu.sdk.client

        return getattr(wenlu.sdk.client, name)
    raise AttributeError(f"module 'wenlu' has no attribute '{name}'")
