"""From a recipe to a model on the shelf, one file for each task. What differs between tasks stands there alone."""

from __future__ import annotations

from wenlu.base.table import Table

FLOWS = Table(
    "task",
    {
        "autoencode": "wenlu.pipeline.flows.seq2seq:seq2seq",
        "chat": "wenlu.pipeline.flows.chat:chat",
        "classify": "wenlu.pipeline.flows.classify:classify",
        "generate": "wenlu.pipeline.flows.generate:generate",
        "regress": "wenlu.pipeline.flows.regress:regress",
        "seq2seq": "wenlu.pipeline.flows.seq2seq:seq2seq",
    },
)
"""By task: a function of a checked recipe, its dataset and the run that gives what the run leaves."""
