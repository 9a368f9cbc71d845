"""What the gateway answers when all is well, and when the model is slow, broken, or nobody waits any more."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serving.conftest import Log
from tests.serving.wire import BINARY, Door, ask, ask_service, by_size, inputs, opened, read_reply, request

from wenlu.bundle.predict import Answer
from wenlu.serving.gateway.table import ROUTES
from wenlu.serving.limits import Limits

TEXTS = ("质量很好", "とても良かったです", "👨‍👩‍👧‍👦", "𠮷野家で𩸽", 'a"\\/\u2028')


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_these_are_all_the_routes():
    assert {(route.method, route.pattern) for route in ROUTES} == {
        ("POST", "/v1/predict"),
        ("GET", "/sentiment/{sentence}"),
        ("GET", "/v1/models"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/docs/docs.css"),
        ("GET", "/docs/docs.js"),
        ("GET", "/docs/icon.svg"),
        ("GET", "/"),
    }


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_every_route_answers_and_refuses_a_foreign_host_and_page(address: str, route: Any):
    path = route.pattern.replace("{sentence}", "%E5%A5%BD")
    body = inputs("好") if route.method == "POST" else b""
    assert ask_service(address, request(path, body)).status == (307 if path == "/" else 200)
    assert ask_service(address, request(path, body, host="elsewhere.example")).status == 421
    assert ask_service(address, request(path, body, headers=["origin: http://elsewhere.example"])).status == 403


def test_predict_answers_each_text_in_order(address: str):
    reply = ask_service(address, request(body=inputs(*TEXTS)))
    assert set(reply.json) == {"model", "version", "request_id", "outputs"}
    assert reply.json["model"] == "tiny"
    assert reply.headers["x-request-id"] == reply.json["request_id"]
    assert len(reply.json["outputs"]) == len(TEXTS)
    for output in reply.json["outputs"]:
        assert output["score"] == max(output["scores"].values()) == output["scores"][output["label"]]
        assert sum(output["scores"].values()) == pytest.approx(1)


def test_what_else_is_asked_changes_no_answer(address: str):
    together = ask_service(address, request(body=inputs(*TEXTS))).json["outputs"]
    for text, output in zip(TEXTS, together, strict=True):
        alone = ask_service(address, request(body=inputs(text))).json["outputs"][0]
        assert alone["scores"] == pytest.approx(output["scores"], abs=1e-5)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("%E8%BF%99%E5%AE%B6%E5%BA%97", "这家店"),
        ("%E3%81%A8%E3%81%A6%E3%82%82%E8%89%AF%E3%81%84", "とても良い"),
        ("%E5%A5%BD%2F%E5%9D%8F", "好/坏"),
        ("%E5%A5%BD/%E5%9D%8F", "好/坏"),
        ("100%25", "100%"),
        ("%2525", "%25"),
        ("a+b", "a+b"),
        ("%3Fq%23", "?q#"),
        ("..%2F..%2Fetc", "../../etc"),
        ("%F0%A0%AE%B7", "𠮷"),
        ("good?unused=1", "good"),
    ],
)
def test_a_sentence_in_the_path_is_decoded_once(address: str, path: str, sentence: str):
    reply = ask_service(address, request(f"/sentiment/{path}"))
    assert reply.json["sentence"] == sentence
    assert 0 <= reply.json["sentiment"] <= 1


def test_sentiment_is_the_probability_of_the_positive_label(address: str):
    output = ask_service(address, request(body=inputs("好"))).json["outputs"][0]
    assert ask_service(address, request("/sentiment/%E5%A5%BD")).json["sentiment"] == output["scores"]["positive"]


def test_a_model_of_topics_has_no_sentiment_and_says_where_to_ask():
    async def ask_it() -> None:
        topics = msgspec.structs.replace(BINARY, labels=["体育", "财经", "科技"], positive=None)
        async with opened(model=topics) as door:
            reply = await ask(door.port, request("/sentiment/a"))
            assert (reply.status, reply.code) == (404, "not_binary")
            assert "体育" in reply.json["error"]["message"]
            assert "/v1/predict" in reply.json["error"]["hint"]

    run(ask_it())


@pytest.mark.parametrize("mine", ["abc-DEF_123", "a" * 64])
def test_a_decent_request_id_is_kept(address: str, mine: str):
    reply = ask_service(address, request(body=inputs("好"), headers=[f"x-request-id: {mine}"]))
    assert reply.json["request_id"] == mine
    assert (
        ask_service(address, request("/nothing", headers=[f"x-request-id: {mine}"])).json["error"]["request_id"] == mine
    )


@pytest.mark.parametrize("mine", ["", "a" * 65, "a b", "<b>", "é", "a\tb"])
def test_any_other_request_id_is_replaced(address: str, mine: str):
    reply = ask_service(address, request(body=inputs("好"), headers=[f"x-request-id: {mine}"]))
    assert reply.status == 200
    assert reply.json["request_id"] not in (mine, "")


def test_a_door_that_is_not_ready_says_why_and_answers_nothing():
    async def ask_it() -> None:
        async with opened() as door:
            door.app.obstacle = "It is being tried."
            assert (await ask(door.port, request("/livez"))).status == 200
            readiness = await ask(door.port, request("/readyz"))
            assert readiness.status == 503
            assert readiness.json == {"ready": False, "reason": "It is being tried."}
            for sent in (request(body=inputs("好")), request("/sentiment/a")):
                reply = await ask(door.port, sent)
                assert (reply.status, reply.code) == (503, "not_ready")
                assert reply.headers["retry-after"] == "1"

    run(ask_it())


class Slow:
    """A model that waits until it may go on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.started, self.may_end = threading.Event(), threading.Event()

    def __call__(self, texts: Sequence[str]) -> list[Answer]:
        self.asked += texts
        self.started.set()
        self.may_end.wait(10)
        return by_size(texts)

    async def begun(self) -> None:
        await asyncio.to_thread(self.started.wait, 10)


def test_a_full_line_refuses_at_once():
    async def ask_it() -> None:
        slow = Slow()
        async with opened(slow, limits=Limits(waiting_texts=2)) as door:
            first = asyncio.create_task(ask(door.port, request(body=inputs("一"))))
            await slow.begun()
            reply = await ask(door.port, request(body=inputs("二", "三", "四")))
            assert (reply.status, reply.code) == (503, "overloaded")
            assert reply.headers["retry-after"] == "1"
            slow.may_end.set()
            assert (await first).status == 200

    run(ask_it())


def test_an_answer_that_takes_too_long_is_given_up():
    async def ask_it() -> None:
        slow = Slow()
        async with opened(slow, limits=Limits(request_seconds=0.05)) as door:
            reply = await ask(door.port, request(body=inputs("一")))
            assert (reply.status, reply.code) == (504, "deadline")
            slow.may_end.set()

    run(ask_it())


def test_who_hangs_up_leaves_the_line():
    async def ask_it() -> None:
        slow = Slow()
        async with opened(slow) as door:
            first = asyncio.create_task(ask(door.port, request(body=inputs("一"))))
            await slow.begun()
            _, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request(body=inputs("没人等")))
            await _until(lambda: door.batcher._line.waiting == 1)
            writer.transport.abort()
            await _until(lambda: b'reason="client_gone"} 1.0' in door.app.metrics.text())
            slow.may_end.set()
            assert (await first).status == 200
        assert slow.asked == ["一"]

    run(ask_it())


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def test_a_model_that_fails_is_a_500_without_details_and_the_log_knows_more(log: Log):
    def broken(texts: Sequence[str]) -> list[Answer]:
        raise ValueError("secret of the house")

    async def ask_it() -> None:
        async with opened(broken) as door:
            reply = await ask(door.port, request(body=inputs("不该写进日志")))
            assert (reply.status, reply.code) == (500, "internal")
            assert "secret" not in reply.body.decode()

    run(ask_it())
    assert "secret of the house" in log.text
    assert "不该写进日志" not in log.text


def test_a_failure_of_our_own_is_a_500_too(log: Log):
    async def ask_it() -> None:
        async with opened() as door:
            door.app._router = None  # type: ignore[assignment]
            reply = await ask(door.port, request("/livez"))
            assert (reply.status, reply.code) == (500, "internal")
            assert reply.json["error"]["request_id"] in log.text

    run(ask_it())


def test_closing_finishes_what_was_begun_and_takes_nothing_new():
    async def ask_it() -> None:
        slow = Slow()
        async with opened(slow) as door:
            begun = asyncio.create_task(ask(door.port, request(body=inputs("一"))))
            await slow.begun()
            closing = asyncio.create_task(door.listener.close(within=10))
            await asyncio.sleep(0)
            with pytest.raises(ConnectionError):
                await ask(door.port, request("/livez"))
            slow.may_end.set()
            assert (await begun).status == 200
            await closing

    run(ask_it())


@pytest.mark.parametrize("dripped", [b"", b"\r\n", b"GET /livez HTTP/1.1\r\nhost: local"])
def test_a_head_that_never_ends_is_cut_off(dripped: bytes):
    async def ask_it(door: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(dripped)
        reply = await read_reply(reader)
        assert (reply.status, reply.code) == (408, "slow_request")
        assert await reader.read() == b""
        writer.close()

    async def both() -> None:
        async with opened(limits=Limits(header_seconds=0.05)) as door:
            await ask_it(door)

    run(both())


def test_a_head_that_drips_after_an_answer_is_cut_off_too():
    async def ask_it() -> None:
        async with opened(limits=Limits(header_seconds=0.05)) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request("/livez"))
            assert (await read_reply(reader)).status == 200
            writer.write(b"GET /livez")
            assert (await read_reply(reader)).status == 408
            writer.close()

    run(ask_it())


def test_a_body_that_never_ends_is_cut_off():
    async def ask_it() -> None:
        async with opened(limits=Limits(request_seconds=0.05)) as door:
            sent = request(method="POST", headers=["content-length: 100"]) + b'{"inputs'
            reply = await ask(door.port, sent)
            assert (reply.status, reply.code) == (408, "slow_request")
            assert reply.headers["connection"] == "close"

    run(ask_it())


async def _send_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" " * 100_000)
        await writer.drain()


def test_who_goes_on_sending_a_refused_body_is_cut_off():
    async def ask_it() -> None:
        async with opened(limits=Limits(body=1000)) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request(method="POST", headers=["content-length: 100000000"]))
            assert (await read_reply(reader)).status == 413
            with pytest.raises(ConnectionError):
                await _send_for_ever(writer)
            writer.close()

    run(ask_it())


def test_who_stops_sending_a_refused_body_is_cut_off():
    async def ask_it() -> None:
        async with opened(limits=Limits(body=1000, header_seconds=0.05)) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request(method="POST", headers=["content-length: 5000"]))
            assert (await read_reply(reader)).status == 413
            assert await reader.read() == b""
            writer.close()

    run(ask_it())


def test_one_connection_too_many_is_told_so():
    async def ask_it() -> None:
        async with opened(limits=Limits(connections=1)) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request("/livez"))
            assert (await read_reply(reader)).status == 200
            late = await ask(door.port, request("/livez"))
            assert (late.status, late.code) == (503, "too_many_connections")
            writer.close()

    run(ask_it())


def test_metrics_count_by_route_status_and_reason_and_keep_their_names(address: str):
    ask_service(address, request(body=inputs("好")))
    ask_service(address, request("/somewhere/else"))
    text = ask_service(address, request("/metrics")).body.decode()
    assert 'wenlu_requests_total{code="200",route="/v1/predict"}' in text
    assert 'wenlu_requests_total{code="404",route="-"}' in text
    assert 'wenlu_refused_total{reason="not_found"}' in text
    assert 'wenlu_model_info{architecture="lstm",name="tiny"' in text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE wenlu_")}
    assert {name for name in names if not name.endswith("_created")} == {
        "wenlu_requests_total", "wenlu_refused_total", "wenlu_texts_total", "wenlu_batch_texts", "wenlu_waiting_texts",
        "wenlu_model_info", "wenlu_stage_seconds", "wenlu_cache_texts_total", "wenlu_cache_saved_seconds_total",
        "wenlu_cache_bytes", "wenlu_cache_entries", "wenlu_cache_disk_faults",
    }  # fmt: skip
    assert 'stage="queue"' in text
    assert 'stage="infer"' in text
    assert 'stage="whole"' in text


def test_the_model_is_listed(address: str):
    listed = ask_service(address, request("/v1/models")).json
    assert listed["object"] == "list"
    assert listed["data"][0]["id"] == "tiny"
    assert listed["data"][0]["labels"] == ["negative", "positive"]


def test_the_access_log_knows_lengths_and_never_texts(log: Log):
    async def ask_it() -> None:
        async with opened() as door:
            await ask(door.port, request(body=inputs("秘密")))
            await ask(door.port, request("/sentiment/%E7%A7%98%E5%AF%86"))

    run(ask_it())
    records = [vars(record) for record in log.records if record.name == "wenlu.access"]
    assert [record["route"] for record in records] == ["/v1/predict", "/sentiment/{sentence}"]
    assert all(record["status"] == 200 and record["bytes"] > 0 for record in records)
    assert "秘密" not in str(records)
    assert "E7%A7%98" not in str(records)


def test_openapi_describes_every_route_and_only_points_to_what_it_holds(address: str):
    reply = ask_service(address, request("/openapi.json"))
    described = {(method.upper(), path) for path, methods in reply.json["paths"].items() for method in methods}
    assert described == {(route.method, route.pattern) for route in ROUTES}
    schemas = reply.json["components"]["schemas"]
    assert schemas["PredictRequest"]["properties"]["inputs"]["maxItems"] == 64
    for reference in _references(reply.json):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in ([inner] if key == "$ref" else _references(inner))]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(address: str):
    page = ask_service(address, request("/docs"))
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    html = page.body.decode().lower()
    assert "<script>" not in html
    assert "style=" not in html
    assert "onclick" not in html
    script = ask_service(address, request("/docs/docs.js")).body.decode()
    style = ask_service(address, request("/docs/docs.css")).body.decode()
    assert "innerHTML" not in script
    for text in (html, script, style):
        assert "https://" not in text.replace("https://github.com", "")


def test_the_root_leads_to_the_page(address: str):
    assert ask_service(address, request("/")).headers["location"] == "/docs"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_make_it_fail(address: str, body: bytes):
    reply = ask_service(address, request(method="POST", headers=[f"content-length: {len(body)}"]) + body)
    assert reply.status in (200, 400, 422)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=50))
def test_every_text_is_answered_or_refused_for_being_empty(address: str, text: str):
    encoded = text.encode("utf-8", "surrogatepass")
    if encoded.decode("utf-8", "replace") != text:
        return
    reply = ask_service(address, request(body=json.dumps({"inputs": [text]}).encode()))
    assert reply.status == 200 or reply.code == "empty_text"


def test_a_deadline_that_the_client_names_is_kept():
    async def scene() -> None:
        go_on = threading.Event()

        def predict(texts: Sequence[str]) -> list[Answer]:
            go_on.wait(5)
            return by_size(texts)

        async with opened(predict) as door:
            late = asyncio.ensure_future(
                ask(door.port, request(body=inputs("好"), headers=["x-request-deadline-ms: 80"]))
            )
            began = asyncio.get_running_loop().time()
            reply = await late
            took = asyncio.get_running_loop().time() - began
            assert (reply.status, reply.code) == (504, "deadline")
            assert 0.05 < took < 2
            go_on.set()
            soon = await ask(door.port, request(body=inputs("好"), headers=["x-request-deadline-ms: 60000"]))
            assert soon.status == 200
            for wrong in ("0", "soon", "1.5", "-1", "99999999"):
                refused = await ask(door.port, request(body=inputs("好"), headers=[f"x-request-deadline-ms: {wrong}"]))
                assert (refused.status, refused.code) == (400, "bad_http")

    run(scene())
