"""A namenode and a datanode on loopback, from Hadoop's own jars: `WENLU_HADOOP_JARS` names a folder with them.

Hadoop 2.7.3's jars lie in the old package pyspark 2.4.8, which only needs building tools of its day; its web server
misses five jars, which Debian has. On Debian, with any Java from 8 to 17 (docs/storage.md says what was run):

    python -m venv spark && spark/bin/pip install "setuptools<70" "wheel<0.44" packaging
    spark/bin/pip install --no-deps --no-build-isolation pyspark==2.4.8
    apt-get install default-jre-headless libjersey1-servlet-java libcommons-daemon-java
    mkdir jars && cp spark/lib/python*/site-packages/pyspark/jars/*.jar jars
    rm jars/{hive,spark,scala,jersey,javax.ws.rs}*.jar
    cp /usr/share/java/{jersey1-core,jersey1-server,jersey1-servlet,commons-daemon,jsr311-api}.jar jars
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
_DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"
_OPENED = ("java.lang", "java.nio", "java.util", "sun.nio.ch")  # Java 9 and later closed what Hadoop 2 reaches into
_LOG = """
log4j.rootLogger=INFO,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.SimpleLayout
"""


@dataclass(frozen=True, slots=True)
class Hadoop:
    """Where the namenode answers: its own protocol, and HTTP."""

    hdfs: str
    webhdfs: str


@contextmanager
def hadoop(folder: Path) -> Iterator[Hadoop]:
    """A cluster of one, kept in `folder`; skips the test without Java or the jars."""
    jars = os.environ.get("WENLU_HADOOP_JARS")
    if not jars or not shutil.which("java"):
        pytest.skip("WENLU_HADOOP_JARS and Java start a real HDFS; tests/storage/hadoop.py says where the jars are")
    found = Hadoop(hdfs=f"hdfs://127.0.0.1:{_free_port()}", webhdfs=f"webhdfs://127.0.0.1:{_free_port()}")
    _configure(folder, found)
    java = ["java", "-Xmx256m", *_open_modules(), "-cp", f"{folder}:{jars}/*"]
    subprocess.run([*java, _NAMENODE, "-format", "-nonInteractive"], check=True, capture_output=True, timeout=60)
    with _running([*java, _NAMENODE], until="NameNode RPC up at"):
        with _running([*java, _DATANODE], until="Successfully sent block report"):
            yield found


def _configure(folder: Path, found: Hadoop) -> None:
    (folder / "log4j.properties").write_text(_LOG)
    for name in ("hdfs", "datanode"):  # the pages of its web servers, which must be there and may be empty
        (folder / "webapps" / name).mkdir(parents=True)
    write_xml(folder / "core-site.xml", {"fs.defaultFS": found.hdfs, "hadoop.tmp.dir": str(folder / "data")})
    anywhere = dict.fromkeys(("address", "http.address", "ipc.address"), "127.0.0.1:0")
    write_xml(
        folder / "hdfs-site.xml",
        {
            "dfs.namenode.http-address": found.webhdfs.partition("//")[2],
            "dfs.replication": "1",
            **{f"dfs.datanode.{name}": address for name, address in anywhere.items()},
        },
    )


def write_xml(path: Path, settings: dict[str, str]) -> None:
    rows = (f"<property><name>{name}</name><value>{value}</value></property>" for name, value in settings.items())
    path.write_text(f"<configuration>{''.join(rows)}</configuration>")


def _open_modules() -> list[str]:
    return [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]


@contextmanager
def _running(command: list[str], *, until: str) -> Iterator[None]:
    """The program, once its log has said so; what it says later is read too, lest it stop at a full pipe."""
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        for line in program.stdout or ():
            said.append(line)
            if until in line:
                ready.set()
        ready.set()

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            ready.wait(60)
            assert until in "".join(said), "".join(said)[-4000:]
            yield
        finally:
            program.terminate()
            listener.join()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
