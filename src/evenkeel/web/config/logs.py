"""Log lines that carry ids and places in the code, and nothing that was typed.

A path can hold a single-use link and an exception's message can hold a value
("Key (family_name)=(…) already exists"), so neither is printed: a request is named
by its route's pattern, an exception by its class and the frames it passed.
"""

from __future__ import annotations

import logging
import time
import traceback
from types import TracebackType


class PlainFormatter(logging.Formatter):
    """``2026-11-25T02:25:26Z ERROR django.request 500 POST /treatments/<int:pk>/dose``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        if request is not None and hasattr(request, "method"):
            match = getattr(request, "resolver_match", None)
            route = match.route if match is not None else "unknown address"
            status = getattr(record, "status_code", "")
            record = logging.makeLogRecord(record.__dict__)
            record.msg, record.args = f"{status} {request.method} {route}".strip(), ()
        return super().format(record)

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        lines = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines += [
                f"  {frame.filename}:{frame.lineno} in {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
            lines.append(f"  {type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                lines.append("  because of")
        return "\n".join(lines)


def logging_config(*, level: str = "INFO") -> dict[str, object]:
    """Everything to stderr in one form; quiet where a library would name people."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"()": PlainFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print paths and mail error pages.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Prints statements with their values at DEBUG.
            "django.db.backends": {"level": "INFO", "propagate": True},
            # Prints who tried to sign in; the attempts are in its table.
            "axes": {"level": "CRITICAL", "propagate": True},
            "procrastinate": {"level": "WARNING", "propagate": True},
            # Prints message headers.
            "mail.log": {"level": "WARNING", "propagate": True},
        },
    }
