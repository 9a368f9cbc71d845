from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.contracts.tokenizers import CORPUS

from wenlu.base.errors import WenluError
from wenlu.bundle.export.hf import write_huggingface
from wenlu.bundle.generate import Sampling, generate
from wenlu.models.decoder import Decoder
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.text.subwords import EOS_ID

transformers = pytest.importorskip("transformers")

LINES = [
    *CORPUS,
    "质量很好，物流很快。",
    "とても良いデザインです。",
    "今天天气很好，我们去公园。",
    "明日は雨が降るでしょう。",
]


def pipeline(*steps: str) -> TextPipeline:
    config = PipelineConfig(tokenizer={"name": "bpe", "max_size": 500}, normalize=list(steps))
    return TextPipeline.train(LINES * 3, config, clean=("nfkc",))


def trained(text: TextPipeline, *, tied: bool) -> Decoder:
    """A small decoder that has learned the lines by heart, so that its texts say something."""
    torch.manual_seed(1)
    config = Decoder.Config(
        size="1M", hidden=64, layers=2, heads=4, kv_heads=2, head=16, intermediate=128, context=64, tied=tied
    )
    model = Decoder(config, vocabulary_size=text.tokenizer.size)
    rows = [[EOS_ID, *row, EOS_ID] for row in text.encode(LINES)]
    length = max(map(len, rows))
    tokens = torch.tensor([row + [EOS_ID] * (length - len(row)) for row in rows])[:, :64]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        logits = model(tokens[:, :-1])
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("tied", [True, False])
def test_plain_transformers_gives_the_same_ids_logits_and_texts(tmp_path: Path, tied: bool):
    text = pipeline("lower")
    ours = trained(text, tied=tied)
    write_huggingface(ours, text, tmp_path / "model", end=EOS_ID)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    assert type(theirs).__name__ == "Qwen3ForCausalLM"

    said = []
    for prompt in ("质量很好，", "今天", "とても", "质量ＯＫ"):
        ids = text.encode([prompt])[0]
        read = tokenizer(prompt, return_tensors="pt")
        assert read["input_ids"].tolist() == [ids]
        torch.testing.assert_close(theirs(**read).logits, ours(torch.tensor([ids])), rtol=0, atol=1e-5)
        written = theirs.generate(**read, max_new_tokens=30)[0, len(ids) :]
        expected = text.decode(generate(ours, ids, Sampling(length=30), end=EOS_ID))
        said.append(expected)
        assert tokenizer.decode(written, skip_special_tokens=True) == expected
    assert any(said)


def test_a_pipeline_that_can_not_be_expressed_writes_nothing(tmp_path: Path):
    with pytest.raises(WenluError, match="has no equal"):
        write_huggingface(trained(pipeline("html"), tied=True), pipeline("html"), tmp_path / "model", end=EOS_ID)
    assert not (tmp_path / "model").exists()
