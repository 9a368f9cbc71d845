"""Objects in HDFS by Hadoop's own protocol, without Java: `hdfs://NAMENODE[:PORT]/path`, or a nameservice's name.

HADOOP_CONF_DIR (else HADOOP_HOME/etc/hadoop) names the folder of core-site.xml and hdfs-site.xml: nameservices,
Kerberos, encryption on the wire. HADOOP_USER_NAME says who asks where Kerberos does not; with it, `kinit` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wenlu.base.errors import missing_package
from wenlu.storage.hadoop import refused
from wenlu.storage.tree import Node, TreeStorage

if TYPE_CHECKING:
    from hdfs_native import Client, FileStatus

_PORT = 8020  # Hadoop's own default
_FIRST_ANSWER = 10.0
_IMPATIENT = {"dfs.client.failover.max.attempts": "3"}


class HdfsStorage(TreeStorage):
    """One namenode, or one nameservice of several."""

    def __init__(self, root: str) -> None:
        super().__init__(f"hdfs://{root}", HdfsTree(f"hdfs://{root}"))


class HdfsTree:
    """HDFS through the package hdfs-native. Nothing is asked before the first call."""

    def __init__(self, uri: str) -> None:
        try:
            import hdfs_native  # belongs to an optional extra
        except ImportError:
            raise missing_package("hdfs-native", extra="hdfs") from None
        self._uri = uri
        self._hdfs = hdfs_native

    def look(self, path: str) -> Node:
        return _node(self._ask(path, self._client.get_file_info, path))

    def children(self, path: str) -> Iterator[Node]:
        found = self._ask(path, self._client.list_status, path)
        while (status := self._ask(path, next, found, None)) is not None:
            if status.path != path:  # a file is listed as itself
                yield _node(status)

    def read(self, path: str) -> Iterator[bytes]:
        file = self._ask(path, self._client.read, path)
        pieces = file.read_range_stream(0, len(file))
        while piece := self._ask(path, next, pieces, b""):
            yield piece

    def create(self, path: str, pieces: Iterable[bytes]) -> None:
        file = self._ask(path, self._client.create, path, self._hdfs.WriteOptions(create_parent=True))
        try:
            for piece in pieces:
                self._ask(path, file.write, piece)
        finally:
            self._ask(path, file.close)

    def rename(self, path: str, target: str) -> None:
        self._ask(target, self._client.rename, path, target, overwrite=True)

    def remove(self, path: str) -> None:
        self._ask(path, self._client.delete, path)

    @cached_property
    def _client(self) -> Client:
        """A client that has had an answer.

        Left to itself hdfs-native asks a namenode that is not there for three minutes, one that is mute for ever. So a
        client of little patience asks first; once there is an answer, the usual patience rides out a failover.
        """
        uri = self._ask("", self._address)
        self._ask("", _within, _FIRST_ANSWER, lambda: self._hdfs.Client(uri, _IMPATIENT).get_file_info("/"))
        return self._hdfs.Client(uri)

    def _address(self) -> str:
        """The URI, with Hadoop's port if it has none and is not a nameservice of HADOOP_CONF_DIR."""
        try:
            self._hdfs.Client(self._uri)
        except RuntimeError as error:
            if "No NameNode hosts found" in str(error):
                return f"{self._uri}:{_PORT}"
            raise
        return self._uri

    def _ask(self, path: str, call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        """The call's result; what Hadoop says becomes a sentence."""
        try:
            return call(*arguments, **settings)
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError, ValueError) as error:
            raise refused(f"{self._uri}{path}", str(error)) from None


def _node(found: FileStatus) -> Node:
    return Node(found.path.rpartition("/")[2], found.isdir, found.length, f"{found.modification_time}-{found.length}")


def _within(seconds: float, call: Callable[[], object]) -> None:
    """Wait for the call at most so long, then raise TimeoutError and leave it to a thread nobody waits for."""
    done: Future[None] = Future()

    def settle() -> None:
        try:
            call()
        except (OSError, RuntimeError, ValueError) as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=settle, daemon=True).start()
    try:
        done.result(timeout=seconds)
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"no answer within {seconds:.0f} seconds") from None
