"""Launchers: what starts the processes of a training, one file each. They don't know each other.

A launcher is called as `launch(launched, processes=…, device=…, address=…)` and waits until all processes have ended.
Each of them does `worker.do(launched)`, and knows of the others its rank, how many they are and where the first one
listens. Where one is lost all are started again, up to `RESTARTS` times.
"""

from __future__ import annotations

from wenlu.base.table import Table

LAUNCHERS = Table(
    "launcher",
    {"local": "wenlu.training.launch.local:launch", "ray": "wenlu.training.launch.ray:launch"},
)
