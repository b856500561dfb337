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
    Component,
    Condition,
    Encounter,
    Entry,
    Medication,
    Observation,
    Person,
    Problem,
    Procedure,
    Quantity,
    When,
)
from evenkeel.core.chart.partial_dates import PartialDate, whole_years_between
from evenkeel.core.chart.reading import Fault, Kept, Reading, Refused

__all__ = [
    "Allergy",
    "Chart",
    "Code",
    "Coding",
    "Component",
    "Condition",
    "Encounter",
    "Entry",
    "Fault",
    "Kept",
    "Medication",
    "Observation",
    "PartialDate",
    "Person",
    "Problem",
    "Procedure",
    "Quantity",
    "Reading",
    "Refused",
    "When",
    "whole_years_between",
]
