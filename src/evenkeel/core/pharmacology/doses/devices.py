"""What nasal rows say of devices: salt for base, parts of a device, devices or treatments.

In: doses by the nose, in a model that counts devices. Out: why one is refused, or sentences
on how rows were taken. Nothing that is computed changes: a row is one treatment's dose
unless it says which device it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.doses.salt import SALT_PER_BASE
from evenkeel.core.pharmacology.library.models import Covariate, Model

NASAL = "intranasal"
# After a treatment a patient is watched for 2 h, so that no second one begins earlier.
# Source: the US label, s5.1 and s5.2, read as reposted (see the protocols). That nearer rows are
# more likely devices of one treatment is a rule of this project.
APART_H = 2.0
_ALMOST = 1e-9
_WHOLE = 1e-6
_MOST_NAMED = 3


def devices_of(model: Model) -> Covariate | None:
    """The covariate that counts devices by the amount; None where the model has none."""
    counts = (each for each in model.covariates.values() if each.of_dose and each.per_mg)
    return next(counts, None)


def devices_of_salt(amount_mg: float, device_mg: float) -> int:
    """How many devices an amount would be if it were hydrochloride; 0 where it is none.

    device_mg: base in one device. An amount that is whole devices of base as well is base.
    """
    count = amount_mg / (device_mg * SALT_PER_BASE)
    if not 0.0 < amount_mg < math.inf or _is_whole(amount_mg / device_mg) or not _is_whole(count):
        return 0
    return round(count)


def notes(model: Model, doses: Iterable[Dose], how: str) -> list[str]:
    """Sentences on nasal rows that may mean something else than what is computed.

    how: what to write for devices of one treatment, where these doses come from.
    """
    counts = devices_of(model)
    if counts is None or counts.per_mg is None:
        return []
    nasal = [each for each in doses if each.route == NASAL and each.amount_mg > 0.0]
    return [*_of_amounts(nasal, counts.name, counts.per_mg), *_of_times(nasal, counts.name, how)]


def _of_amounts(nasal: Sequence[Dose], count: str, device_mg: float) -> list[str]:
    """Amounts that are no whole number of devices, each once."""
    told: list[str] = []
    for each in nasal:
        devices, device = each.amount_mg / device_mg, each.of_dose.get("DEVICE", 0.0)
        if count in each.of_dose or devices < 1.0 or devices_of_salt(each.amount_mg, device_mg):
            continue
        if device >= 1.0 and not _is_one(devices):
            told.append(
                f"{each.amount_mg:g} mg as device {device:g}: one device holds {device_mg:g} mg "
                "of base; the whole amount is taken with the share that this device absorbs"
            )
        elif not _is_whole(devices):
            told.append(
                f"{each.amount_mg:g} mg by the nose is {devices:.3g} devices of {device_mg:g} mg "
                f"of base, and no device is split. It is computed as it stands. "
                f"{device_mg * SALT_PER_BASE:g} mg of hydrochloride are {device_mg:g} mg of base"
            )
    return list(dict.fromkeys(told))[:_MOST_NAMED]


def _of_times(nasal: Sequence[Dose], count: str, how: str) -> list[str]:
    """Treatments that begin sooner after another nasal row than one can."""
    in_time = sorted(nasal, key=lambda each: each.time_h)
    soon = [
        f"{later.time_h:.3g}"
        for earlier, later in pairwise(in_time)
        if later.time_h - earlier.time_h < APART_H * (1.0 - _ALMOST) and _begins(later, count)
    ]
    if not soon:
        return []
    more = len(soon) - _MOST_NAMED
    which = ", ".join(soon[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return [
        f"nasal rows less than {APART_H:g} h after another (at {which} h): each row is taken as "
        f"a treatment of its own, whose first device absorbs most. For devices of one treatment "
        f"{how}"
    ]


def _begins(dose: Dose, count: str) -> bool:
    """Whether a row is taken as the beginning of a treatment without having said so."""
    device = dose.of_dose.get("DEVICE")
    return count not in dose.of_dose if device is None else device == 1.0


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) <= _WHOLE


def _is_one(number: float) -> bool:
    return abs(number - 1.0) <= _WHOLE
