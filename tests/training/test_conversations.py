from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.generators import SMALL
from tests.training.test_loop import CutOffError, StopsAt

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.models.decoder import Decoder
from wenlu.text.chat.conversation import Turn
from wenlu.text.chat.turns import Turns
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.training.adapt import adopt
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.conversations import PackedConversations, cuts
from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.place import choose_place
from wenlu.training.settings import PackingConfig, TrainingConfig
from wenlu.training.tasks.chat import Chat
from wenlu.training.vectors import begin_near_mean, longer, vectors_of

LETTERS = "天地玄黄宇宙洪荒あいうえおかきくけこ"
PIPELINE = TextPipeline.train(
    list(LETTERS), PipelineConfig(tokenizer={"name": "char", "min_count": 1}, normalize=[], template="chatml"), clean=()
)


def turns() -> Turns:
    assert PIPELINE.turns is not None
    return PIPELINE.turns


def talk(chance: np.random.Generator, exchanges: int, *, longest: int = 6) -> list[Turn]:
    """The answer to each question is the question."""
    said = ["".join(chance.choice(list(LETTERS), chance.integers(1, longest))) for _ in range(exchanges)]
    return [Turn(role, content) for content in said for role in ("user", "assistant")]  # type: ignore[arg-type]


def written(folder: Path, *conversations: list[Turn]) -> EncodedTexts:
    rows = turns().encode(conversations)
    write_encoded(folder / "texts", [EncodedBlock.of(rows, [0] * len(rows))])
    return EncodedTexts.open(folder / "texts")


def many(folder: Path, *, number: int = 80) -> EncodedTexts:
    chance = np.random.default_rng(1)
    return written(folder, *(talk(chance, 1 + place % 2) for place in range(number)))


def test_every_answer_is_a_target_once_and_nothing_else_is(tmp_path: Path):
    texts = many(tmp_path)
    packed = PackedConversations(texts, PackingConfig(length=32), turns())
    rows = packed.batch(range(len(packed)))
    told = np.asarray(texts.ids)[turns().answered(np.asarray(texts.ids))]
    assert Counter(rows.targets[rows.targets != IGNORED].tolist()) == Counter(told.tolist())
    assert packed.answers(range(len(packed))) == len(told)
    assert [packed.answers([row]) for row in range(len(packed))] == (rows.targets != IGNORED).sum(axis=1).tolist()


def documents(packed: PackedConversations) -> list[list[int]]:
    """The ids of each document of each row."""
    rows = packed.batch(range(len(packed)))
    assert rows.documents is not None
    return [
        tokens[documents == number].tolist()
        for tokens, documents in zip(rows.tokens, rows.documents, strict=True)
        for number in range(1, documents.max() + 1)
    ]


def test_a_conversation_stands_whole_in_one_row_under_a_number_of_its_own(tmp_path: Path):
    texts = many(tmp_path)
    packed = PackedConversations(texts, PackingConfig(length=32), turns())
    found = documents(packed)
    assert sorted(found) == sorted(texts.row(number).tolist() for number in range(len(texts)))
    assert sum(map(len, found)) > 0.9 * 32 * len(packed)


def test_joined_documents_see_each_other(tmp_path: Path):
    packed = PackedConversations(many(tmp_path), PackingConfig(length=32, documents="joined"), turns())
    assert packed.batch([0]).documents is None


def test_what_is_longer_than_a_row_is_cut_and_counted(tmp_path: Path):
    chance = np.random.default_rng(1)
    fits, long = talk(chance, 1), talk(chance, 9)
    answer = [Turn("user", "天"), Turn("assistant", "地" * 50)]
    question = [Turn("user", "天" * 50), Turn("assistant", "地")]
    texts = written(tmp_path, fits, long, answer, question)
    assert cuts(texts, turns(), 24) == {"turns": 1, "answer": 1, "all": 1}
    packed = PackedConversations(texts, PackingConfig(length=24), turns())
    whole, shorter, newest = (turns().encode([one])[0] for one in (fits, answer, long))
    found = documents(packed)
    assert len(found) == 3
    assert whole in found
    assert shorter[:24] in found
    kept = next(one for one in found if one not in (whole, shorter[:24]))
    assert kept == newest[-len(kept) :]
    assert kept[:1] == turns().encode([[Turn("user", "")]])[0][:1]
    (tmp_path / "alone").mkdir()
    with pytest.raises(WenluError, match="leaves room"):
        PackedConversations(written(tmp_path / "alone", question), PackingConfig(length=24), turns())


def decoder(vocabulary: int = PIPELINE.size) -> Decoder:
    torch.manual_seed(1)
    return Decoder(Decoder.Config(**SMALL["decoder"]), vocabulary_size=vocabulary)  # type: ignore[arg-type]


def chat(texts: EncodedTexts, *, seed: int = 1, batch: int = 4) -> Chat:
    return Chat(texts, texts, packing=PackingConfig(length=32), turns=turns(), batch=batch, seed=seed)


def test_the_loss_is_that_of_each_answer_alone(tmp_path: Path):
    texts, model = many(tmp_path, number=20), decoder().eval()
    nats = ids = 0.0
    for number in range(len(texts)):
        row = torch.from_numpy(texts.row(number).astype(np.int64))[None]
        logs = torch.log_softmax(model(row[:, :-1]), dim=2)[0]
        told = torch.from_numpy(turns().answered(texts.row(number))[1:])
        nats -= float(logs.detach().gather(1, row[0, 1:, None])[told].sum())
        ids += int(told.sum())
    assert chat(texts).validate(model)["loss"] == pytest.approx(nats / ids, rel=1e-5)
    task = chat(texts, batch=1000)
    outcome = task.loss(model, task.batches(1)[0])
    assert float(outcome.loss.detach()) == pytest.approx(nats, rel=1e-5)


def test_every_epoch_has_the_same_rows_in_another_order(tmp_path: Path):
    task = chat(many(tmp_path))
    first, second = task.batches(1), task.batches(2)
    assert sorted(row for rows in first for row in rows) == sorted(row for rows in second for row in rows)
    assert first != second
    assert first == chat(EncodedTexts.open(tmp_path / "texts")).batches(1)
    assert len(first) == len(second)


def training(texts: EncodedTexts, folder: Path, events: Silent | None = None) -> Training:
    config = check(
        TrainingConfig,
        {"batch": 4, "epochs": 3, "checkpoint_every": 3, "optimizer": {"name": "adamw", "learning_rate": 0.01}},
        where="test",
    )
    return Training(
        decoder(),
        chat(texts),
        config,
        place=choose_place("cpu", "float32", gains_by_half=False),
        checkpoints=Checkpoints(folder, 1),
        events=events or Silent(),
    )


def test_a_training_that_is_cut_off_ends_with_the_very_same_weights(tmp_path: Path):
    texts = many(tmp_path)
    whole = training(texts, tmp_path / "whole")
    outcome = whole.run()
    assert outcome.best.validation["loss"] < outcome.history[0].validation["loss"]
    for cut in (1, 4, 9):
        with pytest.raises(CutOffError):
            training(texts, tmp_path / f"cut-{cut}", StopsAt(cut)).run()
        again = training(texts, tmp_path / f"cut-{cut}")
        resumed = again.run()
        assert [one.validation for one in resumed.history] == [one.validation for one in outcome.history]
        for ours, theirs in zip(again.model.state_dict().values(), whole.model.state_dict().values(), strict=True):
            assert torch.equal(ours, theirs)


def test_marks_begin_near_the_mean_and_all_that_was_learned_stays_as_it_is():
    old, model = decoder(60).state_dict(), decoder(64)
    name = "model.embed_tokens.weight"
    vectors = vectors_of(model, 64)
    adopt(model, longer(old, vectors, pieces=60), origin="old")
    begin_near_mean(vectors, first=60, last=64)
    now = model.state_dict()
    new, mean = now[name][60:], old[name].mean(0)
    assert torch.equal(now[name][:60], old[name])
    assert not torch.equal(new[0], new[1])
    assert float((new - mean).norm(dim=1).max()) < 0.5 * float((old[name] - mean).norm(dim=1).mean())
    assert all(torch.equal(now[other], old[other]) for other in old if other != name)


def test_pieces_that_are_new_stand_before_the_marks_that_were_there():
    old, model = decoder(64).state_dict(), decoder(70)
    name = "model.embed_tokens.weight"
    grown = longer(old, vectors_of(model, 70), pieces=60)
    assert torch.equal(grown[name][:60], old[name][:60])
    assert torch.equal(grown[name][66:], old[name][60:])
