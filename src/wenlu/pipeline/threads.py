"""Training on a machine that others use too."""

from __future__ import annotations

import os

# Turns a thread of OpenMP spins while it waits for the others. By default it spins for milliseconds and takes a core
# from whoever has work: beside one busy process a step of the seed LSTM took 239 ms instead of 32. With 1,000 turns
# it takes 63 ms there, and 35 alone.
_TURNS = "1000"


def share_processors() -> None:
    """Let waiting threads sleep soon. Call it before torch is imported: OpenMP reads its settings only once."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _TURNS)
