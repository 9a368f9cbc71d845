"""Objects in a bucket of S3, or of anything that speaks its protocol: MinIO, Huawei OBS, Ceph.

Keys and region come from the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION;
AWS_ENDPOINT_URL names another service than Amazon's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wenlu.base.errors import WenluError, missing_package
from wenlu.storage.by_uri import Entry, checked_key, no_object

if TYPE_CHECKING:
    from obstore.store import S3Store

_PIECE = 8 << 20


class S3Storage:
    """One bucket. Large objects are written in parts that become an object only when the last has arrived."""

    def __init__(self, root: str) -> None:
        try:
            import obstore.store  # belongs to an optional extra
        except ImportError:
            raise missing_package("obstore", extra="s3") from None
        self._bucket = root
        self._obstore = obstore
        self._store: S3Store = obstore.store.S3Store(root, **_settings())

    def stat(self, key: str) -> Entry:
        return _entry(self._ask(key, self._obstore.head, self._store, key))

    def list(self, prefix: str) -> Iterator[Entry]:
        """S3 lists by key already; obstore matches whole parts of a key, so the last part is matched here."""
        folder = prefix.rpartition("/")[0]
        pages = iter(self._obstore.list(self._store, folder or None))
        while (page := self._ask(prefix, next, pages, None)) is not None:
            yield from (_entry(found) for found in page if found["path"].startswith(prefix))

    def read(self, key: str) -> Iterator[bytes]:
        found = self._ask(key, self._obstore.get, self._store, checked_key(key))
        pieces = iter(found.stream(min_chunk_size=_PIECE))
        while (piece := self._ask(key, next, pieces, None)) is not None:
            yield bytes(piece)

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        self._ask(key, self._obstore.put, self._store, checked_key(key), iter(pieces), use_multipart=True)

    def delete(self, key: str) -> None:
        self._ask(key, self._obstore.delete, self._store, checked_key(key))

    def _ask(self, key: str, call: Any, *arguments: Any, **settings: Any) -> Any:
        """The call's result; what the service says becomes a sentence."""
        uri = f"s3://{self._bucket}/{key}"
        try:
            return call(*arguments, **settings)
        except FileNotFoundError:
            raise no_object(uri) from None
        except (OSError, self._obstore.exceptions.BaseError) as error:
            said = str(error).strip().splitlines()[0][:300]
            raise WenluError(
                "storage_refused", f"{uri}: {said}", hint="Check AWS_ENDPOINT_URL, AWS_REGION and the keys in AWS_*."
            ) from None


def _settings() -> dict[str, Any]:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    settings: dict[str, Any] = {"region": os.environ.get("AWS_REGION") or "us-east-1"}
    if endpoint:
        settings |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if endpoint.startswith("http://"):
        settings["client_options"] = {"allow_http": True}
    return settings


def _entry(found: Any) -> Entry:
    return Entry(found["path"], found["size"], found.get("e_tag") or str(found["last_modified"]))
