from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.contracts.generators import VOCABULARY, small
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.place import choose_place
from wenlu.training.samples import Samples
from wenlu.training.settings import PackingConfig, SamplesConfig, TrainingConfig
from wenlu.training.tasks.generate import Generate

LINES = ["床前明月光", "吾輩は猫である", "春眠不覺曉", "名前はまだ無い"]
OTHERS = (
    "疑是地上霜挙頭望山低頭思故鄕處聞啼鳥夜來風雨聲花落知多少"  # so that every id of the model is one of the tokenizer
)
SAMPLES = {"prompts": ["床前", "吾輩", ""], "length": 8}


class Reads(Silent):
    def __init__(self) -> None:
        self.written: list[tuple[int, str, str]] = []

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self.written.append((step, prompt, text))


@pytest.fixture(scope="module")
def pipeline() -> TextPipeline:
    config = PipelineConfig(normalize=[], tokenizer={"name": "char", "min_count": 1, "max_size": VOCABULARY})
    return TextPipeline.train([*LINES * 2, OTHERS], config, clean=[])


@pytest.fixture(scope="module")
def texts(pipeline: TextPipeline, tmp_path_factory: pytest.TempPathFactory) -> EncodedTexts:
    rows = [pipeline.encode([line])[0] for line in LINES * 12]
    folder = tmp_path_factory.mktemp("texts") / "encoded"
    write_encoded(folder, [EncodedBlock.of(rows, [-1] * len(rows))])
    return EncodedTexts.open(folder)


def trained(texts: EncodedTexts, pipeline: TextPipeline, folder: Path, **settings: Any) -> tuple[list[Tensor], Reads]:
    """Weights, history and all that chance is left with, and what was written on the way."""
    config = check(TrainingConfig, {"batch": 4, "epochs": 3, "patience": 9, **settings}, where="test")
    torch.manual_seed(config.seed)
    events = Reads()
    training = Training(
        small("decoder"),
        Generate(texts, texts, packing=PackingConfig(length=16), separator=0, batch=config.batch, seed=config.seed),
        config,
        place=choose_place("cpu", "float32", gains_by_half=False),
        checkpoints=Checkpoints(folder / "checkpoints", config.keep),
        events=events,
        watch=None if config.samples is None else Samples(config.samples, pipeline, events),
    )
    outcome = training.run()
    losses = torch.tensor([[one.train["loss"], one.validation["loss"]] for one in outcome.history])
    return [*training.model.state_dict().values(), losses, torch.get_rng_state()], events


@pytest.mark.parametrize(
    "samples",
    [SAMPLES, {**SAMPLES, "every": 1}, {**SAMPLES, "every": 2, "temperature": 1.0, "seed": 7}],
    ids=["at each look", "at each step", "by chance"],
)
@pytest.mark.parametrize("more", [{}, {"average": 0.9, "validate_every": 3}], ids=["plain", "average"])
def test_whoever_watches_changes_nothing(
    texts: EncodedTexts, pipeline: TextPipeline, tmp_path: Path, samples: dict[str, Any], more: dict[str, Any]
):
    alone, _ = trained(texts, pipeline, tmp_path / "alone", **more)
    watched, reads = trained(texts, pipeline, tmp_path / "watched", samples=samples, **more)
    assert reads.written
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(watched, alone, strict=True))


def test_every_prompt_is_written_on_from_as_often_as_was_asked_for(
    texts: EncodedTexts, pipeline: TextPipeline, tmp_path: Path
):
    _, by_round = trained(texts, pipeline, tmp_path / "rounds", samples=SAMPLES)
    steps = sorted({step for step, _, _ in by_round.written})
    assert len(steps) == 3
    assert [prompt for _, prompt, _ in by_round.written] == SAMPLES["prompts"] * 3
    _, by_step = trained(texts, pipeline, tmp_path / "steps", samples={**SAMPLES, "every": 2})
    assert {step for step, _, _ in by_step.written} == set(range(2, steps[-1] + 1, 2))


def test_what_is_written_becomes_what_was_read(texts: EncodedTexts, pipeline: TextPipeline, tmp_path: Path):
    optimizer = {"name": "adamw", "learning_rate": 0.01}
    _, reads = trained(texts, pipeline, tmp_path, samples=SAMPLES, epochs=30, patience=30, optimizer=optimizer)
    assert [text for _, prompt, text in reads.written if prompt == "床前"][-1] == "明月光"
    assert [text for _, prompt, text in reads.written if prompt == "吾輩"][-1] == "は猫である"


def test_the_same_model_writes_the_same(pipeline: TextPipeline):
    config = SamplesConfig(prompts=["春眠"], length=20, temperature=1.0, seed=3)
    written = []
    for _ in range(2):
        torch.rand(3)  # chance of others, which is none of ours
        Samples(config, pipeline, events := Reads())(small("decoder"), 1)
        written.append(events.written)
    assert written[0] == written[1]


def test_a_model_that_is_divided_can_not_be_watched():
    with pytest.raises(WenluError, match="'samples' need the whole model"):
        check(TrainingConfig, {"shard": True, "samples": SAMPLES}, where="training")
