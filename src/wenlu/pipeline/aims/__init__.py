"""What the training of each task differs in, one file each. They don't know each other."""

from __future__ import annotations

from wenlu.base.table import Table

AIMS = Table(
    "task",
    {
        "autoencode": "wenlu.pipeline.aims.seq2seq:AutoencodeAim",
        "chat": "wenlu.pipeline.aims.chat:ChatAim",
        "classify": "wenlu.pipeline.aims.classify:ClassifyAim",
        "generate": "wenlu.pipeline.aims.generate:GenerateAim",
        "regress": "wenlu.pipeline.aims.regress:RegressAim",
        "seq2seq": "wenlu.pipeline.aims.seq2seq:Seq2seqAim",
    },
)
"""By task: an `Aim`, made as `kind(config, tokenizer, dataset)`."""
