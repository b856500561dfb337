"""A synthetic clinic for the demo. Every person in it is invented.

``is_needed`` and ``plant`` make it once; ``today`` sees to it that this day has
something on. The same seed makes the same people; dates count back from today.
"""

from __future__ import annotations

from collections.abc import Callable

from evenkeel.web.records.seed.house import SHOWN_ACCOUNTS, TOKEN_ACCOUNT

__all__ = [
    "SHOWN_ACCOUNTS", "TOKEN_ACCOUNT", "is_half_made", "is_needed", "plant", "shown_people",
    "today",
]  # fmt: skip

Say = Callable[[str], None]


def is_needed() -> bool:
    """Is there no clinic yet?"""
    from evenkeel.web.accounts.models import User

    return not User.objects.exists()


def is_half_made() -> bool:
    """Was making it up cut short? Then nobody has worked in it, and it can be made anew."""
    from evenkeel.web.ledger.models import Entry
    from evenkeel.web.records.seed import house

    begun = Entry.objects.filter(action=house.BEGUN).exists()
    return begun and not Entry.objects.filter(action=house.WHOLE).exists()


def plant(*, say: Say) -> None:
    """Make the clinic. An entry at the end says that it is whole; see ``is_half_made``."""
    from evenkeel.web.records.seed import clinic, house

    house.plant(say=say)
    clinic.plant(say=say)
    house.note_whole()


def today(*, say: Say) -> None:
    """What a new day needs, on a clinic of any age: shifts, people in chairs, open work."""
    from evenkeel.web.records.seed import desk, house, live

    house.today()
    live.stage(say=say)
    desk.lay(say=say)


def shown_people() -> list[dict[str, str]]:
    """Who is worth looking up first: {number, name, what}."""
    from evenkeel.web.records.seed import guided

    return guided.shown()
