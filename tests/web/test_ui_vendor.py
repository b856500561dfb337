"""What the browser is sent from others is what the lock says, with its licence."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "src/evenkeel/web/ui/static/ui/vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text())
LOCK = json.loads((ROOT / "vendor/package-lock.json").read_text())
FILES = [
    (package, name, digest)
    for package, entry in MANIFEST.items()
    for name, digest in entry["files"].items()
]


@pytest.mark.parametrize(("package", "name", "digest"), FILES, ids=[f[1] for f in FILES])
def test_a_vendored_file_is_unchanged(package: str, name: str, digest: str) -> None:
    body = (VENDOR / name).read_bytes()
    assert digest == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


@pytest.mark.parametrize("package", sorted(MANIFEST))
def test_a_vendored_package_has_its_licence_and_the_locked_version(package: str) -> None:
    assert (VENDOR / MANIFEST[package]["licence"]).read_text().strip()
    assert LOCK["packages"][f"node_modules/{package}"]["version"] == MANIFEST[package]["version"]


def test_nothing_is_vendored_that_the_manifest_does_not_name() -> None:
    named = {name for _, name, _ in FILES} | {e["licence"] for e in MANIFEST.values()}
    there = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()}
    assert there == named | {"MANIFEST.json", "fonts.css"}


def test_the_lock_names_no_host() -> None:
    assert "://" not in (ROOT / "vendor/package-lock.json").read_text()


def test_no_script_of_ours_reaches_for_another_host() -> None:
    ours = [
        *ROOT.glob("src/evenkeel/web/*/static/*/*.js"),
        *ROOT.glob("src/evenkeel/web/ui/static/ui/js/*.js"),
    ]
    assert ours
    for script in ours:
        assert not re.search(r"https?://", script.read_text()), script.name
        assert not re.search(r"\beval\(|new Function\(|\.innerHTML\s*=", script.read_text()), (
            script.name
        )
