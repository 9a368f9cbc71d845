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
