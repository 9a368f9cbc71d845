"""The library transformers, without its talk: it warns of much that is meant, and draws bars of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

from wenlu.base.errors import missing_package


@contextmanager
def quietly() -> Iterator[None]:
    """Inside, transformers is there and says nothing; raises WenluError `missing_package` where it is not installed."""
    try:
        from transformers.utils import logging
    except ImportError:
        raise missing_package("transformers", extra="hf") from None
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):  # one of its bars asks nobody
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
