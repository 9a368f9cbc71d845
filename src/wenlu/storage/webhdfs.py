"""Objects in HDFS over HTTP: `webhdfs://NAMENODE:PORT/path`, where PORT is the namenode's web port (9870; 50070 before
Hadoop 3). For machines that reach the cluster's web ports alone; nothing needs to be installed.

The protocol is WebHDFS (hadoop.apache.org, "WebHDFS REST API"): the namenode says what lies where, and sends who reads
or writes on to a datanode. HADOOP_USER_NAME says who asks. Kerberos is not spoken: for that there is `hdfs://`.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from wenlu.base.errors import WenluError
from wenlu.storage.hadoop import refused
from wenlu.storage.tree import Node, TreeStorage

_PIECE = 1 << 20
_BYTES = {"content-type": "application/octet-stream"}
_PATIENCE = httpx.Timeout(60, connect=5)  # a datanode of a busy cluster may take its time, being there takes none


class WebHdfsStorage(TreeStorage):
    """One namenode's files."""

    def __init__(self, root: str) -> None:
        super().__init__(f"webhdfs://{root}", WebHdfsTree(root))


class WebHdfsTree:
    """HDFS through the namenode's web port at `host` (with its port)."""

    def __init__(self, host: str) -> None:
        self._uri = f"webhdfs://{host}"
        self._http = httpx.Client(
            base_url=f"http://{host}/webhdfs/v1",
            timeout=_PATIENCE,
            limits=httpx.Limits(max_keepalive_connections=0),  # a storage has no end at which to close them
        )

    def look(self, path: str) -> Node:
        return _node(self._ask("GET", path, "GETFILESTATUS", "FileStatus"))

    def children(self, path: str) -> Iterator[Node]:
        for found in self._ask("GET", path, "LISTSTATUS", "FileStatuses", "FileStatus"):
            if found["pathSuffix"]:  # a file is listed as itself, without a name
                yield _node(found)

    def read(self, path: str) -> Iterator[bytes]:
        with self._answered("GET", _url(path, "OPEN"), path=self._sure(path), follow_redirects=True) as answer:
            yield from answer.iter_bytes(_PIECE)

    def create(self, path: str, pieces: Iterable[bytes]) -> None:
        """The namenode is asked without the bytes and names the datanode that takes them."""
        with self._answered("PUT", _url(path, "CREATE"), path=self._sure(path)) as answer:
            datanode = answer.headers.get("location")
        if datanode is None:
            raise self._stranger(path)
        with self._answered("PUT", datanode, path=path, content=iter(pieces), headers=_BYTES):
            pass

    def rename(self, path: str, target: str) -> None:
        self._ask("PUT", path, "RENAME", destination=target, renameoptions="OVERWRITE")

    def remove(self, path: str) -> None:
        self._ask("DELETE", path, "DELETE")

    def _sure(self, path: str) -> str:
        """`path`, unless datanodes differ in what it means: those of some versions read a percent sign twice."""
        if "%" in path:
            hint = "Take hdfs://, or give it another name."
            raise WenluError("bad_key", f"{self._uri}{path}: a percent sign is not safe over HTTP.", hint=hint)
        return path

    def _ask(self, method: str, path: str, operation: str, *names: str, **settings: str) -> Any:
        """What the namenode answers under these names."""
        with self._answered(method, _url(path, operation, **settings), path=path) as answer:
            body = answer.read()
        try:
            return reduce(getitem, names, json.loads(body or "{}"))
        except (ValueError, LookupError, TypeError):
            raise self._stranger(path) from None

    def _stranger(self, path: str) -> WenluError:
        return refused(f"{self._uri}{path}", "what answers there does not speak WebHDFS.")

    @contextmanager
    def _answered(self, method: str, url: str, *, path: str, **settings: Any) -> Iterator[httpx.Response]:
        """An answer that says yes, its body not read yet; what else comes is a sentence."""
        try:
            with self._http.stream(method, url, **settings) as answer:
                _check(answer, f"{self._uri}{path}")
                yield answer
        except httpx.RequestError as error:
            whom = error.request.url.netloc.decode()  # the namenode, or the datanode it sent us to
            raise refused(f"{self._uri}{path}", f"{whom}: {error or type(error).__name__}") from None
        except httpx.InvalidURL:
            raise self._stranger(path) from None


def _user() -> str:
    return os.environ.get("HADOOP_USER_NAME") or getpass.getuser()


def _url(path: str, operation: str, **settings: str) -> str:
    return f"{quote(path)}?{urlencode({'op': operation, 'user.name': _user(), **settings})}"


def _check(answer: httpx.Response, uri: str) -> None:
    if answer.status_code < 400:
        return
    answer.read()
    said = _remote_exception(answer)
    if said.get("exception") == "FileNotFoundException":
        raise FileNotFoundError(uri)
    if answer.status_code == 401:
        raise refused(uri, "the cluster asks for Kerberos, which is not spoken over HTTP here.")
    raise refused(uri, said.get("message") or f"HTTP {answer.status_code} {answer.reason_phrase}")


def _remote_exception(answer: httpx.Response) -> dict[str, str]:
    try:
        said = answer.json()["RemoteException"]
    except (ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}


def _node(found: dict[str, Any]) -> Node:
    tag = f"{found.get('fileId', '')}-{found['modificationTime']}-{found['length']}"
    return Node(found["pathSuffix"], found["type"] == "DIRECTORY", found["length"], tag)
