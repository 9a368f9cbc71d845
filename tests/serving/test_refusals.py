"""Every way a request can be wrong, one by one, over real HTTP. None of them hurts the next request."""

from __future__ import annotations

import asyncio

import pytest
from tests.serving.wire import Reply, ask_service, inputs, read_reply, request

from wenlu.serving.gateway.errors import RETRY_AFTER, STATUS
from wenlu.serving.gateway.inputs import depth

GOOD = inputs("质量很好", "とても良い")


def check_refusal(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.code) == (status, code)
    error = reply.json["error"]
    assert set(error) == {"code", "message", "hint", "request_id"}
    assert error["message"].endswith((".", "?"))
    assert STATUS[code] == status
    assert "Traceback" not in reply.body.decode()
    assert reply.headers.get("retry-after") == (str(RETRY_AFTER[code]) if code in RETRY_AFTER else None)


@pytest.fixture(autouse=True)
def _service_goes_on(address: str):
    yield
    assert ask_service(address, request(body=GOOD)).status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"inputs=a", 400, "invalid_json"),
        (b'{"inputs": ["a"]} x', 400, "invalid_json"),
        (b'{"inputs": [NaN]}', 400, "invalid_json"),
        (b'{"inputs": ["a\n"]}', 400, "invalid_json"),
        ('\ufeff{"inputs": ["好"]}'.encode(), 400, "invalid_json"),
        (b'{"inputs": ["\xff\xfe"]}', 400, "invalid_utf8"),
        ('{"inputs": ["质量很好"]}'.encode("gb18030"), 400, "invalid_utf8"),
        ('{"inputs": ["とても良い"]}'.encode("cp932"), 400, "invalid_utf8"),
        (b'{"inputs": ["\xed\xa0\x80"]}', 400, "invalid_utf8"),
        (b'{"inputs": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "too_deep"),
        (b'{"inputs": ' + b"[" * 400_000 + b"]" * 400_000 + b"}", 400, "too_deep"),
        (b'{"other": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 400, "too_deep"),
        (b'["a"]', 422, "wrong_type"),
        (b'{"inputs": "a"}', 422, "wrong_type"),
        (b'{"inputs": null}', 422, "wrong_type"),
        (b'{"inputs": [1]}', 422, "wrong_type"),
        (b'{"inputs": [["a"]]}', 422, "wrong_type"),
        (b"{}", 422, "missing_field"),
        (b'{"inputs": ["a"], "model": "b"}', 422, "unknown_field"),
        (b'{"input": ["a"]}', 422, "unknown_field"),
        (b'{"inputs": []}', 422, "empty_inputs"),
        (inputs(*["好"] * 65), 422, "too_many_inputs"),
        (inputs("好", ""), 422, "empty_text"),
        (inputs(" \u3000\t\n"), 422, "empty_text"),
        (inputs("好" * 4097), 422, "text_too_long"),
        (b'{"inputs": ["\\ud800"]}', 422, "lone_surrogate"),
        (b'{"inputs": ["a\\udc00b"]}', 422, "lone_surrogate"),
        (b'{"inputs": ["\\ud83d", "\\ude00"]}', 422, "lone_surrogate"),
    ],
)
def test_a_wrong_body_is_refused_with_its_reason(address: str, body: bytes, status: int, code: str):
    check_refusal(ask_service(address, request(body=body)), status, code)


def test_an_empty_body_is_not_json(address: str):
    reply = ask_service(address, request(method="POST", headers=["content-length: 0"]))
    check_refusal(reply, 400, "invalid_json")


def test_a_misspelt_field_is_named_with_the_right_one(address: str):
    assert "Did you mean 'inputs'?" in ask_service(address, request(body=b'{"input": ["a"]}')).json["error"]["message"]


def test_the_largest_that_is_allowed_is_answered(address: str):
    reply = ask_service(address, request(body=inputs(*["好" * 4096] + ["𠮷" * 4096] + ["良い"] * 62)))
    assert reply.status == 200
    assert len(reply.json["outputs"]) == 64


def test_a_body_announced_too_large_is_refused_before_it_comes(address: str):
    announced = request(method="POST", headers=["content-length: 300000000", "content-type: application/json"])
    check_refusal(ask_service(address, announced), 413, "body_too_large")


def test_a_chunked_body_is_refused_where_it_becomes_too_large(address: str):
    head = request(method="POST", headers=["transfer-encoding: chunked", "content-type: application/json"])
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    check_refusal(ask_service(address, head + chunk * 17), 413, "body_too_large")


def test_a_chunked_body_of_the_right_size_is_answered(address: str):
    head = request(method="POST", headers=["transfer-encoding: chunked"])
    middle = len(GOOD) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD[:middle], GOOD[middle:]))
    assert ask_service(address, head + chunks + b"0\r\n\r\n").status == 200


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (request("/v1/predict"), 405, "method_not_allowed"),
        (request("/livez", b"{}"), 405, "method_not_allowed"),
        (request("/sentiment/a", method="DELETE"), 405, "method_not_allowed"),
        (request("/v1/predict", method="OPTIONS"), 405, "method_not_allowed"),
        (request("/v1/predictt"), 404, "not_found"),
        (request("/v1/predict/"), 404, "not_found"),
        (request("/%76%31/predict"), 404, "not_found"),
        (request("/docs/../../../etc/passwd"), 404, "not_found"),
        (request("/docs/%2e%2e/app.py"), 404, "not_found"),
        (request("/sentiment/"), 404, "not_found"),
        (request("/sentiment/%"), 400, "bad_path"),
        (request("/sentiment/%zz"), 400, "bad_path"),
        (request("/sentiment/%ff"), 400, "bad_path"),
        (request("/sentiment/%ed%a0%80"), 400, "bad_path"),
        (request("/sentiment/%20%E3%80%80"), 422, "empty_text"),
        (request("/sentiment/" + "%E5%A5%BD" * 4097), 422, "text_too_long"),
        (request("/sentiment/很好"), 400, "bad_http"),
        (request("http://elsewhere.example/livez"), 400, "bad_http"),
        (request(body=GOOD, kind="text/plain"), 415, "unsupported_media_type"),
        (request(body=GOOD, kind="application/x-www-form-urlencoded"), 415, "unsupported_media_type"),
        (request(body=GOOD, kind="application/json; charset=gbk"), 415, "unsupported_media_type"),
        (request(body=GOOD, headers=["content-encoding: gzip"]), 415, "unsupported_media_type"),
        (request("/livez", host=""), 400, "bad_host"),
        (request("/livez", headers=["host: localhost"]), 400, "bad_host"),
        (request("/livez", headers=["host: elsewhere.example"]), 400, "bad_host"),
        (request("/livez", host="a b"), 400, "bad_host"),
        (request("/livez", host="localhost@elsewhere.example"), 400, "bad_host"),
        (request("/livez", host="elsewhere.example"), 421, "host_not_allowed"),
        (request("/livez", host="127.0.0.1.elsewhere.example"), 421, "host_not_allowed"),
        (request("/metrics", host="192.168.1.1:5000"), 421, "host_not_allowed"),
        (request(body=GOOD, headers=["origin: http://elsewhere.example"]), 403, "foreign_origin"),
        (request(body=GOOD, headers=["origin: null"]), 403, "foreign_origin"),
        (request("/livez", headers=["origin: http://localhost:1"]), 403, "foreign_origin"),
        (request(body=GOOD, headers=["content-length: 3"]), 400, "bad_http"),
        (request(body=GOOD, headers=["transfer-encoding: chunked"]), 400, "bad_http"),
        (request(method="POST", headers=["transfer-encoding: gzip, chunked"]) + b"0\r\n\r\n", 400, "bad_http"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_http"),
        (b"GET /livez HTTP/1.1\nhost: localhost\n\n", 400, "bad_http"),
        (request("/livez", headers=[f"x-{n}: a" for n in range(100)]), 431, "headers_too_large"),
        (request("/livez", headers=["cookie: " + "a" * 70_000]), 431, "headers_too_large"),
        (request("/livez?" + "a" * 70_000), 431, "headers_too_large"),
        (b"GET /livez HTTP/1.1\r\nhost: localhost\r\ncookie: " + b"a" * 70_000, 431, "headers_too_large"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_with_its_reason(address: str, sent: bytes, status: int, code: str):
    check_refusal(ask_service(address, sent), status, code)


def test_a_wrong_method_is_told_the_right_one(address: str):
    assert ask_service(address, request("/v1/predict")).headers["allow"] == "post"


def test_an_unknown_path_is_told_the_nearest(address: str):
    assert "Did you mean '/v1/predict'?" in ask_service(address, request("/v1/predic")).json["error"]["message"]


@pytest.mark.parametrize("kind", ["", "application/json", 'Application/JSON; charset="UTF-8"'])
def test_json_may_say_so_or_say_nothing(address: str, kind: str):
    assert ask_service(address, request(body=GOOD, kind=kind)).status == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:5000", "127.0.0.1:1", "[::1]:5000", "[::1]"])
def test_loopback_names_are_answered_whatever_the_port(address: str, host: str):
    assert ask_service(address, request("/livez", host=host)).status == 200


def test_our_own_page_may_ask(address: str):
    host = address.removeprefix("http://")
    assert ask_service(address, request(body=GOOD, host=host, headers=[f"origin: {address}"])).status == 200


def test_a_refused_body_does_not_confuse_the_next_request_on_the_connection(address: str):
    async def run() -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(request(body=b"{" * 2000, kind="text/plain") + request(body=GOOD) + request("/livez"))
        statuses = [(await read_reply(reader)).status for _ in range(3)]
        writer.close()
        return statuses

    assert asyncio.run(run()) == [415, 200, 200]


def test_brackets_inside_strings_are_not_depth():
    assert depth(b'{"inputs": ["[[[[\\"[[", "]"]}') == 2
    assert depth(b'{"inputs": ["[[[[') == 2
