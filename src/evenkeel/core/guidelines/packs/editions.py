"""Editions stay: content packed into one small file, and read back years later.

In: the content of one edition. Out: an archive that holds exactly what a check needs
(guidelines, facts, terminology, safeguards), named by edition and fingerprint, and the
same content read back. An archive whose bytes do not give its fingerprint is refused:
a wrong explanation of a decision is worse than none.

How old content stays readable is in docs/decisions/editions.md: a key or file that is
added later has a default or may be missing, and what may not is a new ``FORMAT``.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from evenkeel.core.guidelines.packs.library import Library, library, load_library
from evenkeel.core.kernel.content import ContentFault, content, files_below, read_toml
from evenkeel.core.kernel.held import Held

FORMAT = 1
_MANIFEST = "edition.json"
# A zip stores days; one that never changes keeps the bytes the same.
_NO_DAY = (1980, 1, 1, 0, 0, 0)
# Far above any content there will be; an archive may come from somebody's disk.
_MAX_FILES = 5_000
_MAX_BYTES = 64_000_000


class UnreadableEdition(ContentFault):
    """An archive that must not be used. The message says what is wrong with it."""


class UnknownEdition(KeyError):
    """No edition of that name or fingerprint. The message says which there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Manifest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    format: int
    edition: str
    sha256: str


class Release(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """An edition that went out: its content never changes again.

    archive: its file beside editions.toml.
    """

    edition: str
    sha256: str
    archive: str


class _Releases(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    about: str
    release: list[Release]


def archive_name(edition: str, sha256: str) -> str:
    """What the file of an edition is called."""
    return f"{edition}-{sha256[:12]}.zip"


def write_archive(edition: Library) -> bytes:
    """The edition as a zip. The same content gives the same bytes."""
    manifest = {"format": FORMAT, "edition": edition.edition, "sha256": edition.sha256}
    files = {_MANIFEST: msgspec.json.encode(manifest)} | dict(edition.held.files)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, _NO_DAY)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, files[path], compresslevel=9)
    return made.getvalue()


def read_archive(raw: bytes, sha256: str = "") -> Library:
    """The edition that ``write_archive`` packed.

    sha256: the fingerprint that it has to have; "" = the one that it claims.

    Raises:
        UnreadableEdition: not an archive of an edition, one of a newer format, or one
            whose content is not what its fingerprint says.
        ContentFault: its content cannot be read by this program.
    """
    files = _unpacked(raw)
    try:
        manifest = msgspec.json.decode(files.pop(_MANIFEST, b""), type=_Manifest, strict=True)
    except msgspec.DecodeError as fault:
        raise UnreadableEdition(f"not an archive of an edition: {_MANIFEST}: {fault}") from fault
    if not 1 <= manifest.format <= FORMAT:
        raise UnreadableEdition(
            f"this archive is of format {manifest.format}; this program reads up to {FORMAT}. "
            "Use a newer program."
        )
    read = load_library(Held(files))
    for wanted, whose in ((manifest.sha256, "it claims"), (sha256, "was asked for")):
        if wanted and read.sha256 != wanted:
            raise UnreadableEdition(
                f"the content of this archive was altered: its fingerprint is "
                f"{read.sha256[:12]}, not {wanted[:12]}, which {whose}. It is not used."
            )
    if read.edition != manifest.edition or len(read.held.files) != len(files):
        raise UnreadableEdition("this archive holds other things than the edition that it names")
    return read


def _unpacked(raw: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            members = packed.infolist()
            if len(members) > _MAX_FILES or sum(each.file_size for each in members) > _MAX_BYTES:
                raise UnreadableEdition("this archive is far larger than any edition")
            files = {each.filename: packed.read(each) for each in members if not each.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        raise UnreadableEdition(f"not a readable archive: {fault}") from fault
    if len(files) != len(members):
        raise UnreadableEdition("this archive names a file twice or holds bare folders")
    return dict(sorted(files.items()))


def releases() -> tuple[Release, ...]:
    """Every edition that went out, the oldest first."""
    return tuple(read_toml(content("guidelines", "editions", "editions.toml"), _Releases).release)


@lru_cache(maxsize=4)
def released(sha256: str) -> Library:
    """The released edition of that fingerprint, from its archive.

    Raises:
        UnknownEdition: none has it.
        UnreadableEdition: its archive is not what it was.
    """
    for each in releases():
        if each.sha256 == sha256:
            raw = content("guidelines", "editions", each.archive).read_bytes()
            return read_archive(raw, sha256)
    raise UnknownEdition(f"no released edition has the fingerprint {sha256[:12]}")


def find(wanted: str) -> Library:
    """An edition by name ("2026-11-24"), by the start of its fingerprint, or "shipped".

    Raises:
        UnknownEdition: none, or several; the message lists those there are.
        UnreadableEdition: its archive is not what it was.
    """
    today = library()
    if wanted in ("shipped", today.edition, today.sha256):
        return today
    known = {each.sha256: each.edition for each in releases()} | {today.sha256: today.edition}
    found = [
        sha256
        for sha256, edition in known.items()
        if edition == wanted or (len(wanted) >= 6 and sha256.startswith(wanted.lower()))
    ]
    if len(found) != 1:
        there = ", ".join(f"{edition} ({sha256[:12]})" for sha256, edition in known.items())
        many = "several editions are" if found else "there is no edition"
        raise UnknownEdition(f"{many} {wanted}; there are {there}, and shipped for today's")
    return today if found[0] == today.sha256 else released(found[0])


def faults(today: Library) -> Iterator[str]:
    """What is wrong with released editions, and with today's name among them.

    Changed content under the name of an edition that went out; an archive that is
    missing, altered or not listed.
    """
    listed = releases()
    for each in listed:
        if each.edition == today.edition and each.sha256 != today.sha256:
            yield (
                f"edition {today.edition} went out with the fingerprint {each.sha256[:12]}, and "
                f"the content is {today.sha256[:12]} now: give the changed content a new edition "
                "in guidelines/index.toml"
            )
        if each.archive != archive_name(each.edition, each.sha256):
            yield f"{each.archive} is not named by its edition and fingerprint"
        place = content("guidelines", "editions", each.archive)
        if not place.is_file():
            yield f"edition {each.edition}: its archive {each.archive} is missing"
            continue
        try:
            read_archive(place.read_bytes(), each.sha256)
        except ContentFault as fault:
            yield f"edition {each.edition}: {fault}"
    known = {each.archive for each in listed}
    for item in files_below(content("guidelines", "editions"), ".zip"):
        if item.name not in known:
            yield f"{item.name} is not listed in editions.toml"
