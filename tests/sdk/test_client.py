"""The client: conversations without a network first, then both clients against a real service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from tests.bundles import shared_bundle

import wenlu
from wenlu.base.errors import WenluError
from wenlu.sdk import conversation
from wenlu.sdk.conversation import Call, Conversation, Outcome, Pause, Prediction, Reply, Step, Unanswered, Unreached
from wenlu.serving.service import serving


def good(*labels: str) -> Reply:
    outputs = [Prediction(label, 1.0, {label: 1.0}) for label in labels]
    return Reply(200, {}, msgspec.json.encode({"model": "m", "version": "v", "outputs": outputs}))


def busy(status: int = 503, **headers: str) -> Reply:
    error = {"code": "overloaded", "message": "Too much.", "hint": "Later.", "request_id": "1"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, msgspec.json.encode({"error": error}))


def held(talk: Conversation[Any], outcomes: Sequence[Outcome]) -> tuple[list[Step], Any]:
    """The steps of a conversation whose calls have these outcomes, and its answer (or the error it ends with)."""
    waiting: Iterator[Outcome] = iter(outcomes)
    steps: list[Step] = []
    outcome: Outcome = None
    try:
        while True:
            step = talk.send(outcome)
            steps.append(step)
            outcome = None if isinstance(step, Pause) else next(waiting)
    except StopIteration as end:
        return steps, end.value
    except WenluError as error:
        return steps, error


def test_many_texts_are_sent_in_several_requests_and_stay_in_order():
    texts = [str(number) for number in range(130)]
    steps, answers = held(
        conversation.predict(texts, retries=0), [good(*texts[:64]), good(*texts[64:128]), good("128", "129")]
    )
    assert [answer.label for answer in answers] == texts
    assert [
        len(msgspec.json.decode(step.body)["inputs"]) for step in steps if isinstance(step, Call) and step.body
    ] == [64, 64, 2]


def test_a_number_is_an_answer_and_nothing_is_none():
    number = Reply(200, {}, b'{"outputs": [{"value": 0.0}]}')
    assert held(conversation.predict_one("x", retries=0), [number])[1] == Prediction(value=0.0)
    nothing = Reply(200, {}, b'{"outputs": [{"label": "x"}]}')
    assert held(conversation.predict_one("x", retries=0), [nothing])[1].code == "bad_answer"


def test_no_texts_need_no_request():
    assert held(conversation.predict([], retries=0), []) == ([], [])


def test_a_single_text_is_not_a_list_of_its_characters():
    _, error = held(conversation.predict("很好", retries=0), [])
    assert error.code == "one_text"
    assert "predict_one" in error.hint


def test_a_busy_service_is_asked_again_after_the_time_it_names():
    steps, answers = held(
        conversation.predict(["好"], retries=2), [busy(retry_after="3"), busy(429, retry_after="999"), good("a")]
    )
    assert [step for step in steps if isinstance(step, Pause)] == [Pause(3.0), Pause(30.0)]
    assert answers[0].label == "a"


def test_where_nobody_was_reached_it_is_tried_again_with_growing_pauses():
    steps, error = held(conversation.predict(["好"], retries=2), [Unreached("refused")] * 3)
    assert [step for step in steps if isinstance(step, Pause)] == [Pause(0.2), Pause(0.4)]
    assert error.code == "unreachable"


@pytest.mark.parametrize("outcome", [busy(400), busy(422), busy(500), busy(504), Unanswered("it took too long")])
def test_nothing_else_is_tried_again(outcome: Outcome):
    steps, error = held(conversation.predict(["好"], retries=2), [outcome])
    assert len(steps) == 1
    assert isinstance(error, WenluError)


def test_the_error_is_the_service_s_own():
    _, error = held(conversation.model(retries=0), [busy()])
    assert (error.code, error.message, error.hint) == ("overloaded", "Too much.", "Later.")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"outputs": [{}]}', b"\xff", b'{"outputs": []}'])
def test_an_answer_that_is_not_ours_is_a_sentence(body: bytes):
    assert held(conversation.predict(["好"], retries=0), [Reply(200, {}, body)])[1].code == "bad_answer"
    assert held(conversation.predict(["好"], retries=0), [Reply(502, {}, body)])[1].code == "bad_answer"


def test_a_sentence_is_encoded_so_that_nothing_of_it_is_path_or_query():
    steps, _ = held(conversation.sentiment("好/?#%", retries=0), [Reply(200, {}, b'{"sentiment": 0.5}')])
    assert steps == [Call("GET", "/sentiment/%E5%A5%BD%2F%3F%23%25")]


def test_half_a_character_is_not_sent():
    for talk in (conversation.predict(["\ud800"], retries=0), conversation.sentiment("\ud800", retries=0)):
        assert held(talk, [])[1].code == "lone_surrogate"


@pytest.mark.parametrize("url", ["", "localhost:5000", "ftp://a", "http://", "/v1"])
def test_an_address_that_is_none_is_a_sentence(url: str):
    with pytest.raises(WenluError, match="is not the address of a service"):
        wenlu.Client(url)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(shared_bundle(tmp_path_factory.getbasetemp())) as address:
        yield address


def test_a_client_asks_a_service(address: str):
    with wenlu.Client(address) as client:
        predictions = client.predict(["质量很好", "最悪でした"] * 40)
        assert len(predictions) == 80
        assert client.predict_one("质量很好").scores == pytest.approx(predictions[0].scores, abs=1e-5)
        assert client.sentiment("好/坏?") == pytest.approx(client.predict_one("好/坏?").scores["positive"], abs=1e-5)
        assert client.model().labels == ("negative", "positive")
        with pytest.raises(WenluError) as caught:
            client.predict(["好", " "])
        assert caught.value.code == "empty_text"


def test_an_asynchronous_client_answers_the_same(address: str):
    async def ask() -> list[Prediction]:
        async with wenlu.AsyncClient(address) as client:
            assert (await client.model()).id == "tiny"
            assert 0 <= await client.sentiment("とても良い") <= 1
            assert (await client.predict_one("好")).label in ("negative", "positive")
            return await client.predict(["质量很好", "最悪でした"])

    with wenlu.Client(address) as client:
        assert asyncio.run(ask()) == client.predict(["质量很好", "最悪でした"])


def test_a_port_where_nobody_listens_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with wenlu.Client(f"http://127.0.0.1:{port}", retries=0) as client, pytest.raises(WenluError) as caught:
        client.model()
    assert caught.value.code == "unreachable"


def test_a_service_that_does_not_answer_is_given_up_after_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            wenlu.Client(url, timeout=0.05) as client,
            pytest.raises(WenluError, match="longer than the timeout") as caught,
        ):
            client.predict_one("好")
    assert caught.value.code == "no_answer"


def test_the_version_is_that_of_the_package():
    assert wenlu.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        wenlu.Klient  # noqa: B018
