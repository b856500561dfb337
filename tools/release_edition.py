"""Release today's edition of the guideline content: archive it and write down its name.

    .venv/bin/python tools/release_edition.py

From then on the content of that edition never changes: `evenkeel guidelines lint` and a
test refuse changed content under its name. Changed content gets a new name in
src/evenkeel/content/guidelines/index.toml.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evenkeel.core.guidelines.packs.editions import archive_name, releases, write_archive
from evenkeel.core.guidelines.packs.library import load_library

PLACE = Path(__file__).parents[1] / "src" / "evenkeel" / "content" / "guidelines" / "editions"


def main() -> int:
    """Exit 0: released, or released before just so. 1: the name is taken by other content."""
    content = load_library()
    for each in releases():
        if each.sha256 == content.sha256:
            print(f"edition {each.edition} is released already, with just this content")
            return 0
        if each.edition == content.edition:
            print(f"edition {each.edition} went out with other content: give this a new name "
                  "in content/guidelines/index.toml", file=sys.stderr)  # fmt: skip
            return 1
    name = archive_name(content.edition, content.sha256)
    (PLACE / name).write_bytes(write_archive(content))
    with (PLACE / "editions.toml").open("a", encoding="utf-8") as listed:
        listed.write(
            f'\n[[release]]\nedition = "{content.edition}"\nsha256 = "{content.sha256}"\n'
            f'archive = "{name}"\n'
        )
    print(f"edition {content.edition} ({content.sha256[:12]}) is released: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
