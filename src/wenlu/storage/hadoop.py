"""What Hadoop says when it refuses, as a sentence."""

from __future__ import annotations

import re

from wenlu.base.errors import WenluError

_HINTS = {
    ("kerberos", "sasl", "gss", "simple authentication"): (
        "Take hdfs://, run kinit, and let HADOOP_CONF_DIR name the folder of the cluster's core-site.xml."
    ),
    ("permission denied",): "Set HADOOP_USER_NAME to who may, or have the owner of the folder give you the right.",
    ("safe mode",): "A namenode that has just started only reads; try again in a minute.",
    (
        "could only be replicated",
        "datanode",
        "block",
    ): "The namenode is there, a datanode is not, or not to be reached.",
}


# hdfs-native: RPCError("org.apache.…Exception", "words\\n\\tat org.apache.…"), InvalidArgument("words")
_QUOTED = re.compile(r'\w+\((?:"[\w.$]+", )?"(.*?)(?:"\))?', re.DOTALL)


def refused(uri: str, said: str) -> WenluError:
    """Hadoop's words without its stack trace, and what to do about them."""
    words = _words(said)
    return WenluError("storage_refused", f"{uri}: {words}", hint=_hint(words.lower()))


def _words(said: str) -> str:
    first = re.split(r"\\n|\n|: \[DatanodeInfo", said)[0].strip()
    quoted = _QUOTED.fullmatch(first)
    return (quoted[1].replace('\\"', '"') if quoted else first)[:300]


def _hint(said: str) -> str:
    for words, hint in _HINTS.items():
        if any(word in said for word in words):
            return hint
    return "Check the host and the port, or HADOOP_CONF_DIR if this is a nameservice's name."
