"""What a stored referral says."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from evenkeel.core.chart import Reading
from evenkeel.web.records.models import Referral
from evenkeel.web.ui.words import local


def reader() -> Callable[..., Reading]:
    """Who reads bytes for us; named by the settings, because records knows no wire."""
    found: Callable[..., Reading] = import_string(settings.EVENKEEL_REFERRAL_READER)
    return found


def reading_of(referral: Referral) -> Reading:
    """A stored referral, read; the last ones read are remembered, because they never change."""
    return _remembered(_Stored(referral))


class _Stored:
    """A referral as a key: equal when its bytes are."""

    def __init__(self, referral: Referral) -> None:
        self.referral = referral

    def __hash__(self) -> int:
        return hash(self.referral.raw_sha256)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Stored)
            and other.referral.raw_sha256 == self.referral.raw_sha256
            and other.referral.at == self.referral.at
        )


@lru_cache(maxsize=64)
def _remembered(stored: _Stored) -> Reading:
    """What the referral says, read as on the day it came."""
    referral = stored.referral
    return reader()(bytes(referral.raw), today=local(referral.at).date())
