"""Who may ask, and how much: rates against a bucket that is counted in fractions, keys over real HTTP."""

from __future__ import annotations

import asyncio
import random
import stat
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.serving.wire import Reply, ask_service, inputs, request
from typer.testing import CliRunner

from wenlu.base.errors import WenluError
from wenlu.cli.main import app
from wenlu.sdk.client import Client
from wenlu.serving.flow.gcra import Gcra, Rate
from wenlu.serving.flow.guard import Caller, Guard
from wenlu.serving.flow.keys import KeyFolder, KeyRecord, KeyRing, now
from wenlu.serving.gateway.table import ROUTES
from wenlu.serving.refusal import Refusal
from wenlu.serving.service import bound, serving


class Bucket:
    """Holds `amount`, filled up evenly; all in fractions, so it is never a rounding off."""

    def __init__(self, rate: Rate) -> None:
        self._amount, self._fills = rate.amount, Fraction(rate.amount) / Fraction(rate.seconds)
        self._level, self._at = Fraction(rate.amount), Fraction(0)

    def take(self, amount: int, now: Fraction) -> bool:
        self._level = min(Fraction(self._amount), self._level + (now - self._at) * self._fills)
        self._at = now
        if amount > self._level:
            return False
        self._level -= amount
        return True


def test_a_rate_is_kept_as_by_a_bucket_and_the_wait_it_names_is_the_shortest():
    chance = random.Random(7)
    refused = 0
    for _ in range(10_000):
        rate = Rate(chance.randint(1, 20), float(chance.choice((1, 60))))
        ours, bucket, moment = Gcra(rate), Bucket(rate), Fraction(0)
        for _ in range(chance.randint(1, 12)):
            # times and sizes in steps that floats hold exactly, so a boundary is one for both
            moment += Fraction(chance.randint(0, 64), 64) * Fraction(int(rate.seconds)) / rate.amount
            amount = chance.randint(1, max(1, rate.amount // 2))
            wait = ours.take(amount, now=float(moment))
            assert (wait == 0) == bucket.take(amount, moment)
            if wait:
                refused += 1
                assert ours.take(amount, now=float(moment) + wait - 1e-3) > 0
                after = float(moment) + wait + 1e-5
                assert ours.take(amount, now=after) == 0
                assert bucket.take(amount, Fraction(after))
                moment = Fraction(after)
    assert refused > 5_000


def test_more_than_a_whole_bucket_is_never_allowed():
    assert Gcra(Rate(5, 1.0)).take(6, now=0.0) == float("inf")


@pytest.mark.parametrize("wrong", ["", "10", "0/s", "10/week", "-1/s", "１０/s/s", "1e9/s"])
def test_what_is_no_rate_is_refused(wrong: str):
    with pytest.raises(WenluError) as caught:
        Rate.read(wrong)
    assert caught.value.code == "bad_rate"


def record(name: str = "shop", **more: Any) -> KeyRecord:
    return KeyRecord(id="", name=name, digest="", created=now().isoformat(), **more)


def test_a_key_is_given_out_once_and_stored_as_a_digest_that_only_its_owner_reads(tmp_path: Path):
    keys = KeyFolder(tmp_path / "keys")
    key = keys.new(record())
    found = KeyRing(keys).find(key)
    assert found is not None
    assert found.name == "shop"
    secret = key.rpartition("_")[2]
    for path in keys.folder.iterdir():
        assert secret.encode() not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700


def test_no_other_key_is_good(tmp_path: Path):
    keys = KeyFolder(tmp_path)
    key = keys.new(record())
    ring = KeyRing(keys)
    other = keys.new(record("other"))
    mixed = "_".join([*key.split("_")[:2], other.split("_")[2]])
    for wrong in ("", "wl_", key[:-1], key + "0", key.upper(), f" {key}", mixed, "wl_" + "0" * 12 + "_" + "0" * 48):
        assert ring.find(wrong) is None


def test_a_key_ends_when_it_expires_is_revoked_or_the_one_after_it_has_come(tmp_path: Path):
    keys = KeyFolder(tmp_path)
    past = keys.new(record("past", expires=(now() - timedelta(seconds=1)).isoformat()))
    revoked, rotated = keys.new(record("revoked")), keys.new(record("rotated", requests="5/s"))
    keys.revoke("revoked")
    fresh = keys.rotate("rotated", overlap=timedelta(hours=1))
    ring = KeyRing(keys)
    assert [ring.find(key) is not None for key in (past, revoked, rotated, fresh)] == [False, False, True, True]
    assert len(ring) == 2
    ended = keys.rotate("rotated", overlap=timedelta(0))
    found = KeyRing(keys).find(ended)
    assert found is not None
    assert found.requests == "5/s"
    assert KeyRing(keys).find(fresh) is None
    with pytest.raises(WenluError) as caught:
        keys.rotate("revoked", overlap=timedelta(0))
    assert caught.value.code == "unknown_key"


@pytest.mark.parametrize("more", [{"name": "../../etc"}, {"requests": "often"}, {"characters": "10"}])
def test_a_key_with_a_wrong_name_or_rate_is_not_made(tmp_path: Path, more: dict[str, Any]):
    with pytest.raises(WenluError):
        KeyFolder(tmp_path).new(record(**more))
    assert not list(tmp_path.glob("*.json"))


def caller(**more: Any) -> Caller:
    return Caller.of(record(**more))


def test_a_key_that_asks_too_much_is_told_when_to_come_again():
    often, wordy, many = caller(requests="2/min"), caller(characters="10/min"), caller(at_once=1)
    for _ in range(2):
        with often.asking():
            pass
    with pytest.raises(Refusal) as caught, often.asking():
        pass
    assert caught.value.code == "too_many_requests"
    assert dict(caught.value.headers)[b"retry-after"] in (b"29", b"30")
    wordy.spend(10)
    with pytest.raises(WenluError, match="10/min characters"):
        wordy.spend(1)
    with pytest.raises(WenluError) as too_long:
        wordy.spend(11)
    assert "split it" in too_long.value.hint
    with many.asking(), pytest.raises(WenluError) as at_once, many.asking():
        pass
    assert at_once.value.code == "too_many_at_once"
    with many.asking():
        pass


def test_a_key_is_for_its_models_and_scopes(tmp_path: Path):
    keys = KeyFolder(tmp_path)
    ours, others = keys.new(record("ours", models=["tiny"])), keys.new(record("others", models=["large"]))
    admins = keys.new(record("admin", scopes=["admin"]))
    guard = Guard(KeyRing(keys), model="tiny")

    def code(key: str, scope: Any) -> str:
        try:
            guard.caller(b"Bearer " + key.encode(), scope)
        except WenluError as error:
            return error.code
        return ""

    assert [code(key, "infer") for key in (ours, others, admins)] == ["", "key_not_allowed", ""]
    assert [code(key, "admin") for key in (ours, others, admins)] == ["key_not_allowed", "key_not_allowed", ""]


def asked(address: str, route: Any, *headers: str) -> Reply:
    path = route.pattern.replace("{sentence}", "%E5%A5%BD")
    return ask_service(address, request(path, inputs("好") if route.method == "POST" else b"", headers=headers))


def test_with_keys_every_route_that_tells_something_wants_one(bundle: Path, tmp_path: Path):
    keys = KeyFolder(tmp_path / "keys")
    good, admin = keys.new(record()), keys.new(record("admin", scopes=["infer", "admin"]))
    with serving(bundle, "--keys", str(keys.folder)) as address:
        for route in ROUTES:
            bare, wrong = asked(address, route), asked(address, route, "authorization: Bearer wl_nobody")
            ours, theirs = (asked(address, route, f"authorization: bearer {key}") for key in (good, admin))
            fine = 307 if route.pattern == "/" else 200
            if route.scope is None:
                assert {bare.status, wrong.status, ours.status, theirs.status} == {fine}
                continue
            assert (bare.status, bare.code, bare.headers["www-authenticate"]) == (401, "no_key", "bearer")
            assert (wrong.status, wrong.code) == (401, "bad_key")
            assert theirs.status == fine
            assert ours.status == (403 if route.scope == "admin" else fine)
        assert ask_service(address, request("/v1/models", host="elsewhere.example")).status == 401
        with Client(address, key=good) as client:
            assert client.predict_one("很好").label
        keys.revoke("shop")
        asyncio.run(asyncio.sleep(1.1))
        assert asked(address, ROUTES[0], f"authorization: bearer {good}").code == "bad_key"


def test_quotas_are_kept_over_http(bundle: Path, tmp_path: Path):
    keys = KeyFolder(tmp_path / "keys")
    few = keys.new(record("few", requests="2/h", characters="100/h"))
    headers = [f"authorization: Bearer {few}"]
    with serving(bundle, "--keys", str(keys.folder)) as address:
        first = ask_service(address, request(body=inputs("字" * 101), headers=headers))
        assert (first.status, first.code) == (429, "too_many_characters")
        assert ask_service(address, request(body=inputs("好"), headers=headers)).status == 200
        third = ask_service(address, request(body=inputs("好"), headers=headers))
        assert (third.status, third.code) == (429, "too_many_requests")
        assert 1_700 <= int(third.headers["retry-after"]) <= 1_800


def test_other_machines_are_let_in_only_with_keys(tmp_path: Path, bundle: Path):
    with pytest.raises(WenluError) as caught:
        bound("0.0.0.0", 0)
    assert caught.value.code == "keys_needed"
    bound("0.0.0.0", 0, open_to_others=True).close()
    with pytest.raises(WenluError, match="no key that is good"), serving(bundle, "--keys", str(tmp_path / "none")):
        pass


def test_keys_are_made_listed_rotated_and_revoked_on_the_command_line(tmp_path: Path):
    def wenlu(*words: str) -> str:
        result = CliRunner().invoke(app, ["key", *words, "--root", str(tmp_path)])
        assert result.exit_code == 0, result.output
        return result.output.strip()

    assert "wenlu key new" in wenlu("list")
    limits = [
        "--requests",
        "10/s",
        "--characters",
        "10000/min",
        "--at-once",
        "4",
        "--model",
        "tiny",
        "--expires",
        "90d",
    ]
    key = wenlu("new", "shop", *limits)
    assert KeyRing(KeyFolder(tmp_path / "keys")).find(key) is not None
    listed = wenlu("list")
    assert "10/s requests, 10000/min characters, 4 at once, models tiny, until 20" in listed
    assert key not in listed
    assert '"digest"' not in wenlu("list", "--json")
    assert wenlu("rotate", "shop", "--overlap", "1h") != key
    wenlu("revoke", "shop")
    assert "revoked" in wenlu("list")
