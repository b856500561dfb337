"""A synthetic clinic for the demo. Every person in it is invented.

``is_needed`` and ``plant`` make it once; ``today`` sees to it that this day has
something on. The same seed makes the same people; dates count back from today.
"""

from __future__ import annotations

from collections.abc import Callable

from evenkeel.web.records.seed.house import SHOWN_ACCOUNTS, TOKEN_ACCOUNT

__all__ = ["SHOWN_ACCOUNTS", "TOKEN_ACCOUNT", "is_needed", "plant", "today"]

Say = Callable[[str], None]


def is_needed() -> bool:
    """Is there no clinic yet?"""
    from evenkeel.web.records.models import Chair

    return not Chair.objects.exists()


def plant(*, say: Say) -> None:
    """Make the clinic, in one transaction: all of it or nothing."""
    from evenkeel.web.records.seed import house

    house.plant(say=say)


def today(*, say: Say) -> None:
    """What a new day needs, on a clinic of any age."""
    from evenkeel.web.records.seed import house

    house.today(say=say)
