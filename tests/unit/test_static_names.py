"""A module never asks for another by a name that outlives an update."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

IMPORTED = re.compile(r"""(?:from\s*|import\s*|import\()["']([./][^"']+)["']""")
NAMED = re.compile(r"\.[0-9a-f]{12}\.js\Z")


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "evenkeel.web.ui.storage.FingerprintedStaticFiles"},
    }
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_modules_import_each_other_by_fingerprint(collected: Path):
    modules = [
        path
        for path in collected.rglob("*.js")
        if NAMED.search(path.name) and "vendor" not in path.parts
    ]
    assert modules
    asked = {
        (path, found)
        for path in modules
        for found in IMPORTED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 10
    for path, found in sorted(asked):
        assert NAMED.search(found), f"{path.name} asks for {found}"
        target = collected / found.removeprefix("/static/")
        if not found.startswith("/"):
            target = (path.parent / found).resolve()
        assert target.is_file(), f"{path.name} asks for {found}, which is not there"
