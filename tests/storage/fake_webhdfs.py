"""As much of the WebHDFS protocol as the driver speaks, for machines without Hadoop.

A name's bytes are asked of the namenode, which sends on (307) to a datanode: the same server, told by `datanode=1`. The
tests that pass here pass against Hadoop 2.7.3 too; where the two differ, Hadoop is right.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

_PREFIX = "/webhdfs/v1"


class RefusedError(Exception):
    """The HTTP status, and the class name and words of Hadoop's RemoteException."""

    def __init__(self, status: int, exception: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.exception = exception
        self.message = message


class Files:
    """Bytes by absolute path; a folder is there while something lies in it. Only `owner` may write."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.bytes: dict[str, bytes] = {}
        self.ids: dict[str, int] = {}
        self._numbers = count(1)

    def status(self, path: str, name: str = "") -> dict[str, Any]:
        if path in self.bytes:
            return self._row(name, "FILE", len(self.bytes[path]), self.ids[path])
        if path != "/" and not self._below(path):
            raise RefusedError(404, "FileNotFoundException", f"File does not exist: {path}")
        return self._row(name, "DIRECTORY", 0, 0)

    def listed(self, path: str) -> list[dict[str, Any]]:
        if path in self.bytes:
            return [self.status(path)]
        self.status(path)
        folder = f"{path.rstrip('/')}/"
        names = {one.removeprefix(folder).partition("/")[0] for one in self._below(path)}
        return [self.status(folder + name, name) for name in names]

    def put(self, path: str, content: bytes) -> None:
        self.bytes[path] = content
        self.ids[path] = next(self._numbers)

    def rename(self, path: str, target: str) -> None:
        if target not in self.bytes and self._below(target):
            raise RefusedError(403, "FileAlreadyExistsException", f"rename destination {target} is a directory")
        self.bytes[target] = self.bytes.pop(path)
        self.ids[target] = self.ids.pop(path)

    def _below(self, path: str) -> list[str]:
        return [one for one in self.bytes if one.startswith(f"{path.rstrip('/')}/")]

    def _row(self, name: str, kind: str, length: int, number: int) -> dict[str, Any]:
        return {"pathSuffix": name, "type": kind, "length": length, "fileId": number, "modificationTime": number}


class Handler(BaseHTTPRequestHandler):
    files: Files
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do()

    do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _do(self) -> None:
        with suppress(BrokenPipeError):  # a writer that failed doesn't wait for an answer
            self._obey()

    def _obey(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = unquote(url.path.removeprefix(_PREFIX))
        try:
            self._operation(asked.pop("op"), path, asked)
        except RefusedError as no:
            said = {"exception": no.exception, "message": no.message}
            self._answer(no.status, json.dumps({"RemoteException": said}).encode())

    def _operation(self, name: str, path: str, asked: dict[str, str]) -> None:
        files = self.files
        if name in ("CREATE", "RENAME", "DELETE") and asked.get("user.name") not in (files.owner, None):
            raise RefusedError(
                403, "AccessControlException", f"Permission denied: user={asked['user.name']}, access=WRITE"
            )
        if name in ("CREATE", "OPEN") and "datanode" not in asked:
            self._answer(307, b"", location=f"{self._here()}{quote(path)}?op={name}&datanode=1")
        elif name == "CREATE":
            files.put(path, self._body())
            self._answer(201, b"")
        elif name == "OPEN":
            if files.status(path)["type"] == "DIRECTORY":
                raise RefusedError(404, "FileNotFoundException", f"Path is not a file: {path}")
            self._answer(200, files.bytes[path])
        elif name == "GETFILESTATUS":
            self._json({"FileStatus": files.status(path)})
        elif name == "LISTSTATUS":
            self._json({"FileStatuses": {"FileStatus": files.listed(path)}})
        elif name == "RENAME":
            files.rename(path, asked["destination"])
            self._answer(200, b"")
        else:
            self._json({"boolean": files.bytes.pop(path, None) is not None})

    def _body(self) -> bytes:
        """A body in chunks; of one that breaks off, what came: a datanode keeps it too."""
        whole = b""
        while size := int(self.rfile.readline() or b"0", 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        return whole

    def _here(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{_PREFIX}"

    def _json(self, said: dict[str, Any]) -> None:
        self._answer(200, json.dumps(said).encode())

    def _answer(self, status: int, body: bytes, *, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("location", location)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fake_webhdfs(*, owner: str) -> Iterator[str]:
    """The URI of a server on loopback that forgets everything in the end."""
    handler = type("Served", (Handler,), {"files": Files(owner)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"webhdfs://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
