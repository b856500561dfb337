"""What a record says about one person, as plain values.

Made by an edge from FHIR, read by guidelines to derive facts. Nothing here
decides what a code means or whether an entry counts; an entry keeps its
statuses so that a reader can.
"""

from evenkeel.core.chart.entries import (
    Allergy,
    Chart,
    Code,
    Coding,
    Condition,
    Encounter,
    Medication,
    Observation,
    Person,
    Problem,
    Procedure,
    Quantity,
)
from evenkeel.core.chart.partial_dates import PartialDate

__all__ = [
    "Allergy",
    "Chart",
    "Code",
    "Coding",
    "Condition",
    "Encounter",
    "Medication",
    "Observation",
    "PartialDate",
    "Person",
    "Problem",
    "Procedure",
    "Quantity",
]
