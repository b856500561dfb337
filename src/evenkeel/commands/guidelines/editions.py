"""What the commands about editions share: an EDITION as somebody writes it, read."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import click

from evenkeel.core.guidelines.packs.editions import UnknownEdition, find, read_archive, releases
from evenkeel.core.guidelines.packs.library import Library, library, load_library
from evenkeel.core.kernel.content import ContentFault


def edition(written: str) -> Library:
    """A name, "shipped", the start of a fingerprint, a folder of content or an archive.

    Ends with exit 2 and one line on stderr when it is none of them or cannot be used.
    """
    place = Path(written)
    try:
        try:
            return find(written)
        except UnknownEdition:
            # A name comes first, so that a folder of the same name cannot hide an edition.
            if place.is_dir():
                return load_library(place)
            if place.is_file():
                return read_archive(place.read_bytes())
            raise
    except UnknownEdition as fault:
        known = [*(each.edition for each in releases()), library().edition, "shipped"]
        close = get_close_matches(written, known, n=1, cutoff=0.5)
        nearest = f". The nearest is {close[0]}" if close else ""
        stop(f"{written}: {fault}{nearest}. A folder or an archive can be given too.")
    except ContentFault as fault:
        stop(f"{written}: {fault}")
    except OSError as fault:
        stop(f"{written}: cannot be read ({fault.strerror})")


def stop(words: str) -> NoReturn:
    click.echo(" ".join(words.split()), err=True)
    sys.exit(2)


def named(content: Library) -> str:
    return f"{content.edition} ({content.sha256[:12]})"
