"""What Hadoop says when it refuses, as a sentence."""

from __future__ import annotations

import re

from wenlu.base.errors import WenluError

_HINTS = {
    r"kerberos|sasl|gss|simple authentication": (
        "Over hdfs://, run kinit first, and let HADOOP_CONF_DIR name the folder of the cluster's core-site.xml."
    ),
    r"listener disconnected": (
        "This is not the namenode's port, or it asks for Kerberos and HADOOP_CONF_DIR names no settings that say so."
    ),
    r"permission denied": "Set HADOOP_USER_NAME to who may, or have the owner of the folder give you the right.",
    r"safe mode": "A namenode that has just started only reads; try again in a minute.",
    r"could only be replicated|datanode|complete file": (
        "The namenode is there; its datanodes are not, or not to be reached from here by the names it gives."
    ),
    r"": "Check the host and the port, or HADOOP_CONF_DIR if this is a nameservice's name.",
}

# hdfs-native: RPCError("org.apache.…Exception", "words\\n\\tat org.apache.…"), GSSAPIError(…, 2529, "words")
_REST = re.compile(r"\\n|\n|: \[DatanodeInfo")
_DEBUG = re.compile(r"\w+\(.*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?')


def refused(uri: str, said: str) -> WenluError:
    """Hadoop's words without its stack trace, and what to do about them."""
    first = _REST.split(said)[0].strip()
    hint = next(hint for words, hint in _HINTS.items() if re.search(words, first.lower()))
    return WenluError("storage_refused", f"{uri}: {_words(first)[:300].rstrip('.')}.", hint=hint)


def _words(first: str) -> str:
    quoted = _QUOTED.findall(first) if _DEBUG.fullmatch(first) else []
    return str(quoted[-1]).replace('\\"', '"') if quoted else first
