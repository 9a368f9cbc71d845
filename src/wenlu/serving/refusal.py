"""A request that is refused with headers of its own."""

from __future__ import annotations

from wenlu.base.errors import WenluError


class Refusal(WenluError):  # noqa: N818  (it is what happens to a request, not a mistake of ours)
    """An error with headers of its own."""

    def __init__(
        self, code: str, message: str, *, hint: str = "", headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.headers = headers
