"""Close a folder as a bundle, and open one: a changed byte is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.bundle.manifest import FORMAT, MANIFEST, TEXT, Description, FileRecord, Manifest, version_of
from wenlu.storage.local import sha256_file, write_atomic
from wenlu.text.pipeline import TextPipeline


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle: its folder, what its manifest says, and its text pipeline."""

    folder: Path
    manifest: Manifest
    pipeline: TextPipeline

    @property
    def title(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"


def seal(folder: Path, description: Description) -> Manifest:
    """Write `bundle.json` into `folder`, last of all: the digest of every file that lies in it, and its version."""
    files = {
        path.relative_to(folder).as_posix(): FileRecord(sha256=sha256_file(path), bytes=path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    manifest = Manifest(
        **description.model_dump(exclude={"architecture", "lineage", "scale"}),
        architecture=description.architecture,
        scale=description.scale,
        lineage=description.lineage,
        format=FORMAT,
        version=version_of(description, files),
        files=files,
    )
    write_atomic(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
    return manifest


def open_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`, every byte of it verified.

    Raises WenluError: `not_a_bundle` (no manifest), `newer_bundle` (a later format), `changed_bundle` (a file is
    missing, added, a link, or its digest differs).
    """
    manifest = read_manifest(folder)
    _verify(folder, manifest)
    return Bundle(folder, manifest, TextPipeline.load(folder / TEXT))


def read_manifest(folder: Path) -> Manifest:
    """What `bundle.json` says, without looking at the other files."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError:
        raise WenluError(
            "not_a_bundle", f"{folder} is not a bundle: it holds no {MANIFEST}.", hint="See: wenlu model list"
        ) from None
    _refuse_other_formats(folder, content)
    return check(Manifest, content, where=f"{folder / MANIFEST}")


def _refuse_other_formats(folder: Path, content: bytes) -> None:
    try:
        found = msgspec.json.decode(content, type=dict[str, object]).get("format")
    except msgspec.MsgspecError:
        raise WenluError("changed_bundle", f"{folder / MANIFEST} is not JSON: it was cut off or changed.") from None
    if isinstance(found, int) and found > FORMAT:
        raise WenluError(
            "newer_bundle",
            f"{folder} has bundle format {found}; this Wenlu reads up to {FORMAT}.",
            hint="Update Wenlu.",
        )


def _verify(folder: Path, manifest: Manifest) -> None:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    wrong = [f"{name} is missing" for name in sorted(manifest.files.keys() - there)]
    wrong += [f"{name} is not in the manifest" for name in sorted(there - manifest.files.keys())]
    wrong += [
        f"{name} differs" for name in sorted(there & manifest.files.keys()) if not _unchanged(folder, name, manifest)
    ]
    if wrong:
        raise WenluError(
            "changed_bundle",
            f"{folder} is not what was sealed: {'; '.join(wrong)}.",
            hint="Copy it again from where it was made, or run the recipe again.",
        )


def _unchanged(folder: Path, name: str, manifest: Manifest) -> bool:
    path, record = folder / name, manifest.files[name]
    return not path.is_symlink() and path.stat().st_size == record.bytes and sha256_file(path) == record.sha256
