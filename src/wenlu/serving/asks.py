"""What the gateway asks, and who answers it: a batcher, or something in front of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from wenlu.bundle.predict import Prediction

Asked = asyncio.Future[list[Prediction]]


class Asks(Protocol):
    """Somebody who answers texts."""

    def ask(self, texts: Sequence[str], *, who: str = "", within: float | None = None) -> Asked:
        """The answers to come, one a text; cancel the future to give up. Raises WenluError at once, or by it.

        `who` shares what there is with others; in more than `within` seconds nobody will want the answers.
        """


class Outcome(Protocol):
    """Where answers go: a future, or something as simple. Once it is done nobody waits for it any more."""

    def done(self) -> bool: ...

    def set_result(self, result: list[Prediction], /) -> None: ...

    def set_exception(self, exception: Exception, /) -> None: ...


class Computes(Protocol):
    """Somebody who puts answers where he is told to."""

    def compute(self, texts: Sequence[str], outcome: Outcome, *, who: str, within: float | None) -> None:
        """As `Asks.ask`, in the event loop, with no turn of it between the answers and their place."""
