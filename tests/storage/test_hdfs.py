"""HDFS: the promises against a real namenode and datanode where there are some, the sentences without."""

from __future__ import annotations

import getpass
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.contracts.storages import StoragePromises
from tests.storage.fake_webhdfs import fake_webhdfs
from tests.storage.hadoop import Hadoop, hadoop, write_xml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig
from wenlu.storage.by_uri import Storage, place_of
from wenlu.storage.hadoop import refused
from wenlu.storage.hdfs import HdfsStorage
from wenlu.storage.spool import spool
from wenlu.storage.workspace import Workspace


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    pytest.importorskip("hdfs_native", reason="hdfs-native is not installed")
    with hadoop(tmp_path_factory.mktemp("hadoop")) as running:
        yield running


@pytest.fixture(autouse=True)
def me(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests asks as themselves, without a proxy, with a cache folder of this test's own."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("WENLU_CACHE", str(tmp_path / "cache"))
    for name in ("HADOOP_CONF_DIR", "HADOOP_HOME", "HADOOP_USER_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["hdfs", "webhdfs", "fake webhdfs"])
def root(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty cluster by either protocol, and what stands in for it."""
    if request.param == "fake webhdfs":
        with fake_webhdfs(owner=getpass.getuser()) as uri:
            yield uri
        return
    cluster: Hadoop = request.getfixturevalue("cluster")
    yield getattr(cluster, request.param)
    empty(HdfsStorage(cluster.hdfs.removeprefix("hdfs://")))


def empty(storage: Storage) -> None:
    for entry in list(storage.list("")):
        storage.delete(entry.key)


class TestHdfs(StoragePromises):
    @pytest.fixture
    def storage(self, root: str) -> Storage:
        return place_of(f"{root}/").storage

    def test_the_order_is_the_order_of_keys_not_of_folders(self, storage: Storage):
        for key in ("b/x", "b.txt", "b-", "体育/一", "体育.txt"):
            storage.write(key, [b""])
        keys = [entry.key for entry in storage.list("")]
        assert keys == sorted(keys)
        assert len(keys) == 5

    @pytest.mark.parametrize("key", ["a b+c&d=e.txt", "新闻 #1?.txt", "日本語/が.txt"])
    def test_a_name_means_itself_whatever_letters_it_has(self, storage: Storage, key: str):
        storage.write(key, [b"x"])
        assert [entry.key for entry in storage.list("")] == [key]
        assert b"".join(storage.read(key)) == b"x"

    def test_a_percent_sign_means_itself_or_is_refused(self, storage: Storage, root: str):
        """Datanodes differ in how often they read one in a URL; Hadoop 2.7.3's would give `a b` for `a%20b`."""
        storage.write("a b", [b"another"])
        if root.startswith("webhdfs"):
            with pytest.raises(WenluError, match="percent sign"):
                list(storage.read("a%20b"))
        else:
            storage.write("a%20b", [b"x"])
            assert b"".join(storage.read("a%20b")) == b"x"

    def test_a_folder_is_no_object(self, storage: Storage):
        storage.write("folder/a", [b"x"])
        with pytest.raises(WenluError, match="There is nothing at"):
            storage.stat("folder")
        with pytest.raises(WenluError):
            list(storage.read("folder"))
        with pytest.raises(WenluError):
            storage.write("folder", [b"x"])
        storage.delete("folder")
        assert list(storage.list("folder/a/")) == []
        assert [entry.key for entry in storage.list("")] == ["folder/a"]

    def test_what_a_killed_writer_left_is_not_listed(self, storage: Storage):
        storage.write("a/.partial-0", [b"half"])
        assert list(storage.list("")) == []
        storage.delete("a/.partial-0")

    def test_what_the_writers_source_says_stays_its_own(self, storage: Storage):
        def pieces() -> Iterator[bytes]:
            yield b"x"
            raise OSError("the source is gone")

        with pytest.raises(OSError, match="the source is gone"):
            storage.write("a", pieces())


def test_who_may_not_is_told_and_how_to_be_who_may(root: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HADOOP_USER_NAME", "mallory")
    with pytest.raises(WenluError, match="Permission denied: user=mallory") as caught:
        place_of(f"{root}/").storage.write("a", [b"x"])
    assert caught.value.code == "storage_refused"
    assert "HADOOP_USER_NAME" in caught.value.hint
    assert "org.apache" not in str(caught.value)


def test_a_nameservice_is_what_the_clusters_settings_say(
    cluster: Hadoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    hosts = {"old": "127.0.0.1:1", "new": cluster.hdfs.removeprefix("hdfs://")}
    settings = {f"dfs.namenode.rpc-address.wenlu.{name}": host for name, host in hosts.items()}
    write_xml(
        tmp_path / "hdfs-site.xml", {"dfs.nameservices": "wenlu", "dfs.ha.namenodes.wenlu": "old,new", **settings}
    )
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    assert list(place_of("hdfs://wenlu/").storage.list("")) == []


def test_a_dataset_is_imported_from_a_folder_of_the_cluster(root: str, tmp_path: Path):
    storage = place_of(f"{root}/").storage
    for name in ("体育/1.txt", "财经/2.txt"):
        storage.write(f"评论/{name}", ["\n".join(f"{name}第{n}条，とても良い" for n in range(99)).encode()])
    assert sorted(path.name for path in spool(f"{root}/评论").rglob("*.txt")) == ["1.txt", "2.txt"]
    data = {"name": "d", "sources": [{"uri": f"{root}/评论/体育/1.txt", "label": "x"}]}
    dataset = import_dataset(check(DataConfig, data, where="test"), Workspace(tmp_path / "root"), Silent())
    assert any("とても良い" in text.body for text in dataset.texts("train"))


@pytest.mark.parametrize("scheme", ["hdfs", "webhdfs"])
def test_a_namenode_that_is_not_there_is_a_sentence(scheme: str, monkeypatch: pytest.MonkeyPatch):
    if scheme == "hdfs":
        pytest.importorskip("hdfs_native", reason="hdfs-native is not installed")
        monkeypatch.setattr("wenlu.storage.hdfs._IMPATIENT", {"dfs.client.failover.max.attempts": "1"})
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: whoever calls is refused
        uri = f"{scheme}://127.0.0.1:{nobody.getsockname()[1]}/a"
        with pytest.raises(WenluError, match="refused") as caught:
            place_of(uri).storage.stat("a")
    assert caught.value.code == "storage_refused"
    assert uri.removesuffix("/a") in caught.value.message


def test_a_namenode_that_never_answers_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("hdfs_native", reason="hdfs-native is not installed")
    monkeypatch.setattr("wenlu.storage.hdfs._FIRST_ANSWER", 0.2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(WenluError, match="no answer within"):
            HdfsStorage(f"127.0.0.1:{mute.getsockname()[1]}").stat("a")


@pytest.mark.parametrize("answer", [b"<html>Hello</html>", b"{}", b"[1]", b""])
def test_a_server_that_is_no_namenode_is_a_sentence(answer: bytes):
    with serving(answer) as host:
        storage = place_of(f"webhdfs://{host}/").storage
        for ask in (lambda: storage.stat("a"), lambda: list(storage.list("")), lambda: storage.write("a", [b"x"])):
            with pytest.raises(WenluError, match="does not speak WebHDFS"):
                ask()


@contextmanager
def serving(answer: bytes) -> Iterator[str]:
    """A web server that says this to everything."""

    class Page(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + answer)

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        ('RPCError("a.SaslException", "GSS initiate failed\\n\\tat org.apache.Foo")', "GSS initiate failed", "kinit"),
        ('GSSAPIError(Codes { raw: "0x7" }, 2529, "No credentials")', "No credentials", "kinit"),
        ("RPC listener disconnected", "RPC listener disconnected", "Kerberos"),
        ("Name node is in safe mode.\n\tat org.apache.Foo", "Name node is in safe mode", "in a minute"),
        ('InvalidArgument("No \\"x\\" found")', 'No "x" found', "HADOOP_CONF_DIR"),
        ("All DataNodes failed: [DatanodeInfoProto { id", "All DataNodes failed", "not to be reached"),
        ("Connection refused", "Connection refused", "Check the host"),
    ],
)
def test_hadoops_words_are_told_without_its_stack_trace(said: str, words: str, hint: str):
    error = refused("hdfs://n/a", said)
    assert error.message == f"hdfs://n/a: {words}."
    assert hint in error.hint
