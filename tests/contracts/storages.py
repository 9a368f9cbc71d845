"""What every storage promises. A new row inherits this class and gives it a `storage` fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wenlu.base.errors import WenluError
from wenlu.storage.by_uri import Storage


class StoragePromises:
    """Objects are whole or not there."""

    def test_what_is_written_is_read(self, storage: Storage):
        storage.write("新闻/a.txt", [b"one ", "二".encode(), b""])
        assert b"".join(storage.read("新闻/a.txt")).decode() == "one 二"
        assert storage.stat("新闻/a.txt").bytes == 7

    def test_an_empty_object_is_an_object(self, storage: Storage):
        storage.write("empty", [])
        assert b"".join(storage.read("empty")) == b""
        assert storage.stat("empty").bytes == 0

    def test_an_object_of_many_pieces_is_whole(self, storage: Storage):
        pieces = [bytes([number]) * (1 << 20) for number in range(20)]
        storage.write("large", iter(pieces))
        assert b"".join(storage.read("large")) == b"".join(pieces)

    def test_writing_anew_replaces_and_changes_the_tag(self, storage: Storage):
        storage.write("a", [b"first"])
        before = storage.stat("a")
        storage.write("a", [b"the second"])
        assert b"".join(storage.read("a")) == b"the second"
        assert storage.stat("a").tag != before.tag

    def test_a_writer_that_fails_leaves_what_was_there(self, storage: Storage):
        def pieces() -> Iterator[bytes]:
            yield b"x" * (9 << 20)
            raise ZeroDivisionError

        storage.write("a", [b"whole"])
        with pytest.raises((ZeroDivisionError, WenluError)):
            storage.write("a", pieces())
        assert b"".join(storage.read("a")) == b"whole"
        assert [entry.key for entry in storage.list("")] == ["a"]

    def test_objects_are_listed_by_prefix_and_in_order(self, storage: Storage):
        for key in ("b/2", "b/1", "bc", "b/sub/3", "a"):
            storage.write(key, [key.encode()])
        assert [entry.key for entry in storage.list("")] == ["a", "b/1", "b/2", "b/sub/3", "bc"]
        assert [entry.key for entry in storage.list("b/")] == ["b/1", "b/2", "b/sub/3"]
        assert [entry.key for entry in storage.list("b")] == ["b/1", "b/2", "b/sub/3", "bc"]
        assert list(storage.list("nothing/")) == []

    def test_what_is_deleted_is_gone_and_deleting_nothing_is_no_trouble(self, storage: Storage):
        storage.write("a", [b"x"])
        storage.delete("a")
        storage.delete("a")
        with pytest.raises(WenluError) as caught:
            storage.stat("a")
        assert caught.value.code == "no_object"
        with pytest.raises(WenluError):
            list(storage.read("a"))

    @pytest.mark.parametrize("key", ["../x", "a/../../x", "a\\..\\x", "a\0b", "."])
    def test_a_key_never_leads_outside(self, storage: Storage, key: str):
        with pytest.raises(WenluError):
            storage.write(key, [b"x"])
        with pytest.raises(WenluError):
            list(storage.read(key))
