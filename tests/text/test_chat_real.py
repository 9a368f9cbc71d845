"""Every conversation of the development data, laid out by us and by transformers from our export."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from wenlu.base.records import Text
from wenlu.base.spec import check
from wenlu.corpus.reading import Reading
from wenlu.corpus.settings import SourceConfig
from wenlu.text.chat.conversation import Turn, turns_of
from wenlu.text.chat.templates import TEMPLATES
from wenlu.text.export import export_huggingface
from wenlu.text.pipeline import PipelineConfig, TextPipeline


def conversations(name: str) -> list[list[Turn]]:
    if "WENLU_DATA" not in os.environ:
        pytest.skip("WENLU_DATA is not set: the shared data sets are not here")
    path = Path(os.environ["WENLU_DATA"]) / name / "dev.jsonl.gz"
    texts = Reading(path, SourceConfig(uri=str(path), format="chat"))
    return [turns_of(text.body) for text in texts if isinstance(text, Text)]


@pytest.mark.parametrize("template", list(TEMPLATES))
@pytest.mark.parametrize(("name", "number"), [("alpaca-zh", 500), ("instruction-ja", 60)])
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_the_ids_are_those_of_transformers(tmp_path: Path, kind: str, name: str, number: int, template: str):
    transformers = pytest.importorskip("transformers")
    found = conversations(name)
    assert len(found) == number
    config = {"normalize": ["nfkc"], "tokenizer": {"name": kind, "max_size": 2000}, "template": template}
    bodies = (content for turns in islice(found, 200) for content in (turn.content for turn in turns))
    pipeline = TextPipeline.train(bodies, check(PipelineConfig, config, where="test"), clean=["nfkc"])
    export_huggingface(pipeline, tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert pipeline.turns is not None
    messages = [[{"role": turn.role, "content": turn.content} for turn in turns] for turns in found]
    assert theirs.apply_chat_template(messages, return_dict=False) == pipeline.turns.encode(found)
