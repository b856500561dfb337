"""Log lines carry places and ids, never what was typed."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

from evenkeel.web.config.logs import PlainFormatter


def record(**extra):
    made = logging.LogRecord("django.request", logging.ERROR, "x.py", 1,
                             "Internal Server Error: %s", ("/my/SECRET-TOKEN",), None)  # fmt: skip
    made.__dict__.update(extra)
    return made


def test_a_request_is_named_by_its_route_and_not_by_its_path():
    request = SimpleNamespace(
        method="POST", resolver_match=SimpleNamespace(route="my/link/<str:token>")
    )
    line = PlainFormatter().format(record(request=request, status_code=500))
    assert line.endswith("ERROR django.request 500 POST my/link/<str:token>")
    assert "SECRET" not in line


def test_an_unknown_address_is_not_repeated():
    request = SimpleNamespace(method="GET", resolver_match=None)
    line = PlainFormatter().format(record(request=request, status_code=404))
    assert line.endswith("404 GET unknown address")


def test_an_exception_is_named_by_class_and_place_and_its_message_is_left_out():
    try:
        try:
            raise ValueError("family name is Exampleby")
        except ValueError as first:
            raise KeyError("Nora") from first
    except KeyError:
        told = PlainFormatter().format(record(exc_info=sys.exc_info()))
    assert "builtins.KeyError" in told
    assert "because of" in told
    assert "builtins.ValueError" in told
    assert "test_logs.py" in told
    assert "Exampleby" not in told
    assert "Nora" not in told
