"""Content of an edition that never was: today's with one more rule, which nobody can meet."""

from __future__ import annotations

from functools import cache

from evenkeel.core.guidelines.packs.library import Library, library, load_library
from evenkeel.core.kernel.held import Held

STRICT_RULE = """
[[criterion]]
id = "STRICT-001"
topic = "age"
stage = "screening"
statement = "Ninety-nine or older: a rule of this test, which today's edition does not have."
strength = "must"
require = "age_years >= 99"
place = "nowhere"
url = "https://example.org/strict"
mark = "known"
edition = "2019"
"""


@cache
def stricter(pack: str = "apa-2017", edition: str = "2019-01-01") -> Library:
    """Today's content under another name, with the rule in that pack."""
    files = dict(library().held.files)
    path = f"guidelines/packs/{pack}.toml"
    files[path] += STRICT_RULE.encode()
    index = files["guidelines/index.toml"]
    name = f'edition = "{library().edition}"'.encode()
    assert name in index
    files["guidelines/index.toml"] = index.replace(name, f'edition = "{edition}"'.encode(), 1)
    return load_library(Held(files))
