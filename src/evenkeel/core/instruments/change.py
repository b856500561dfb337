"""Is a change between two totals more than noise?"""

from __future__ import annotations

from evenkeel.core.instruments.scale import Scale
from evenkeel.core.kernel.verdicts import Verdict, no, unknown, yes


def change_between(scale: Scale, before: int | None, after: int | None) -> Verdict:
    """Whether two totals of one scale differ by its reliable change or more.

    YES says in which direction; NO says that noise alone could do it; UNKNOWN
    names the total, or the published value, that is missing.
    """
    missing = [
        name for name, total in (("the first", before), ("the second", after)) if total is None
    ]
    if missing or before is None or after is None:
        return unknown(f"{' and '.join(missing)} {scale.short} total is missing", missing=missing)
    if scale.reliable_change is None:
        return unknown(
            f"no reliable change is on file for {scale.short}", missing=("reliable change",)
        )
    least = scale.reliable_change
    fell = before - after
    if abs(fell) < least.points:
        return no(
            f"{before} to {after}: a change under {least.points} points can be noise", least.source
        )
    way = "fell" if fell > 0 else "rose"
    return yes(
        f"{way} by {abs(fell)} points, and {least.points} or more is more than noise", least.source
    )
