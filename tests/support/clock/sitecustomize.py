"""Let a test move a server's clock: an hour of observation is not waited for.

Python loads this at start when the folder is on PYTHONPATH, which only the
``clock`` fixture does. The server's own code asks `django.utils.timezone.now`
for the time; here that answer is moved by the seconds in a file. PostgreSQL's
clock stays as it is, so "written down at" stays true.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

_FILE = os.environ.get("EVENKEEL_TEST_CLOCK")

if _FILE:
    from django.utils import timezone

    _true_now = timezone.now

    def moved_now() -> datetime:
        text = Path(_FILE).read_text(encoding="ascii").strip()
        return _true_now() + timedelta(seconds=float(text or 0))

    timezone.now = moved_now
