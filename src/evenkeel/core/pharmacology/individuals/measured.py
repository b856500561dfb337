"""A table of measured concentrations, read whole or refused with every fault."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenkeel.core.pharmacology.doses.tables import number_in, read_table
from evenkeel.core.pharmacology.individuals.likelihood import Measurement
from evenkeel.core.pharmacology.individuals.posterior import MOST_MEASUREMENTS

COLUMNS = ("time_h", "analyte", "concentration_ng_per_ml")
OPTIONAL = ("below",)
_YES = ("1", "yes", "true")
_NO = ("", "0", "no", "false")


class UnreadableMeasurements(ValueError):
    """A table that cannot be used. faults: one line each, with the place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def read_measurements(text: str) -> tuple[Measurement, ...]:
    """CSV with the columns time_h, analyte, concentration_ng_per_ml and perhaps below.

    below: yes where the value lies below concentration_ng_per_ml, the limit of the method.
    Rows of one time and analyte are measurements of their own.

    Raises:
        UnreadableMeasurements: no header, a column that is unknown or missing, a number that
            is none, not finite, zero or negative, more than 1,000 rows.
    """
    rows, faults = read_table(text, known=(*COLUMNS, *OPTIONAL), needed=COLUMNS)
    if len(rows) > MOST_MEASUREMENTS:
        raise UnreadableMeasurements([f"more than {MOST_MEASUREMENTS:,} rows of one person"])
    made: list[Measurement] = []
    for row in rows:
        before = len(faults)
        told = row.cells
        time_h = number_in(row, "time_h", faults)
        value = math.nan
        if told["concentration_ng_per_ml"].startswith("<"):
            faults.append(
                f"line {row.line}: concentration_ng_per_ml of {told['concentration_ng_per_ml']}: "
                "write the number alone and yes under below"
            )
        else:
            value = number_in(row, "concentration_ng_per_ml", faults)
        below = told.get("below", "").lower()
        if not told["analyte"]:
            faults.append(f"line {row.line}: analyte is empty")
        if below not in (*_YES, *_NO):
            faults.append(f"line {row.line}: below of {below!r}: write yes or leave it empty")
        if value <= 0.0:
            faults.append(
                f"line {row.line}: {value:g} ng/mL cannot be measured; write the limit of the "
                "method and yes under below"
            )
        if len(faults) == before:
            made.append(
                Measurement(
                    time_h=time_h, analyte=told["analyte"], ng_per_ml=value, below=below in _YES
                )
            )
    if faults:
        raise UnreadableMeasurements(faults)
    if not made:
        raise UnreadableMeasurements(["the table has a header and no measurement"])
    return tuple(made)
