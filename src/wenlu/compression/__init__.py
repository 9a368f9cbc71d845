"""Smaller and faster forms of a sealed bundle: one method a file, one row here.

A method is made as `Method(config)` and called as `method(parent, folder, means)`. It puts into the new `folder` what
it changes of the parent, and says how the bundle is described now; whatever it does not write there is taken over. A
method that changes weights leaves the export to `form`; one that changes the export leaves no weights.
"""

from __future__ import annotations

from wenlu.base.table import Table

METHODS = Table(
    "compression method",
    {
        "fp16": "wenlu.compression.quantize:Fp16",
        "int8": "wenlu.compression.quantize:Int8",
        "int8_dynamic": "wenlu.compression.quantize:Int8Dynamic",
        "prune": "wenlu.compression.prune:Prune",
        "vocabulary": "wenlu.compression.vocabulary:Vocabulary",
    },
)
