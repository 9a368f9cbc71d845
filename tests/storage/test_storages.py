from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.storages import StoragePromises

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.by_uri import Storage, place_of
from wenlu.storage.folder import FolderStorage
from wenlu.storage.s3 import S3Storage
from wenlu.storage.spool import spool
from wenlu.storage.workspace import Workspace


class TestFolder(StoragePromises):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return FolderStorage(str(tmp_path))

    def test_a_link_that_leads_outside_is_not_followed(self, storage: Storage, tmp_path: Path):
        (tmp_path / "link").symlink_to("/etc")
        with pytest.raises(WenluError):
            list(storage.read("link/hostname"))


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """A server on loopback that speaks S3."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty bucket, and a cache folder of this test's own."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NO_PROXY": "127.0.0.1",
        "WENLU_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    name = f"b-{uuid.uuid4().hex}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT")).close()
    return name


class TestS3(StoragePromises):
    @pytest.fixture
    def storage(self, bucket: str) -> Storage:
        return S3Storage(bucket)


def test_an_object_is_fetched_once_and_again_when_it_changes(bucket: str, monkeypatch: pytest.MonkeyPatch):
    S3Storage(bucket).write("新闻/a.txt", ["好".encode()])
    first = spool(f"s3://{bucket}/新闻/a.txt")
    assert (first.name, first.read_text(encoding="utf-8")) == ("a.txt", "好")
    with monkeypatch.context() as offline:
        offline.setattr(S3Storage, "read", None)
        assert spool(f"s3://{bucket}/新闻/a.txt") == first
    S3Storage(bucket).write("新闻/a.txt", ["坏".encode()])
    assert spool(f"s3://{bucket}/新闻/a.txt").read_text(encoding="utf-8") == "坏"


def test_all_objects_below_a_key_are_a_folder(bucket: str):
    for key in ("root/体育/1.txt", "root/财经/2.txt", "rooted/x"):
        S3Storage(bucket).write(key, [key.encode()])
    folder = spool(f"s3://{bucket}/root")
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    assert found == ["体育/1.txt", "财经/2.txt"]


def test_a_fetch_that_fails_leaves_nothing_that_looks_whole(bucket: str, monkeypatch: pytest.MonkeyPatch):
    S3Storage(bucket).write("a", [b"whole"])
    with monkeypatch.context() as broken:
        broken.setattr(S3Storage, "read", lambda self, key: iter([b"wh"]))
        with pytest.raises(WenluError, match="changed while it was read"):
            spool(f"s3://{bucket}/a")
    assert spool(f"s3://{bucket}/a").read_bytes() == b"whole"


def test_a_dataset_is_imported_from_a_bucket_and_has_the_texts_it_has_from_disk(bucket: str, tmp_path: Path):
    lines = "\n".join(f"第{number}条评论，とても良い" for number in range(200))
    (tmp_path / "a.txt").write_text(lines, encoding="utf-8")
    S3Storage(bucket).write("a.txt", [lines.encode("utf-8")])

    def imported(uri: str, root: str) -> DatasetVersion:
        data = {"name": "d", "sources": [{"uri": uri, "label": "x"}]}
        return import_dataset(check(DataConfig, data, where="test"), Workspace(tmp_path / root), Silent())

    near, far = imported(str(tmp_path / "a.txt"), "near"), imported(f"s3://{bucket}/a.txt", "far")
    assert near.reference == far.reference
    assert [text.id for text in near.texts("train")] == [text.id for text in far.texts("train")]
    assert far.manifest.sources[0].uri == f"s3://{bucket}/a.txt"


def test_a_bucket_nobody_answers_for_is_a_sentence(monkeypatch: pytest.MonkeyPatch, s3_server: str):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(WenluError) as caught:
        place_of("s3://no-such-bucket/a").storage.write("a", [b"x"])
    assert caught.value.code in ("storage_refused", "no_object")
    assert "s3://no-such-bucket/a" in caught.value.message


def test_a_uri_names_a_storage_and_a_key(tmp_path: Path):
    (tmp_path / "a.txt").write_text("好", encoding="utf-8")
    place = place_of(f"file://{tmp_path}/a.txt")
    assert b"".join(place.storage.read(place.key)).decode() == "好"


@pytest.mark.parametrize("uri", ["ftp://x/y", "gopher:x", "x"])
def test_a_scheme_that_no_storage_has_is_a_sentence(uri: str):
    with pytest.raises(WenluError, match="There is no storage called"):
        place_of(uri)
