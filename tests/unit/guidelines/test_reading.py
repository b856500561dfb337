"""Predicates read aloud say what they say, and no two say the same in the same words."""

from __future__ import annotations

import pytest

from evenkeel.core.guidelines.authoring.reading import in_words
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.tree import read_predicate


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("age_years >= 18", "age: 18 years or more"),
        ("18 <= age_years", "age: 18 years or more"),
        ("NOT age_years >= 18", "age: less than 18 years"),
        ("age_years <> 18", "age: not 18 years"),
        ("treatment_months > 2", "months of treatment: more than 2 months"),
        ("pain_reduction_percent >= 30", "pain reduction: 30% or more"),
        ("dose_mg < 56.5", "dose: less than 56.5 mg"),
        ("systolic_bp > 140 OR diastolic_bp > 90",
         "systolic pressure: more than 140 mmHg or diastolic pressure: more than 90 mmHg"),
        ("NOT pregnant", "pregnant now: no"),
        ("NOT NOT pregnant", "pregnant now: yes"),
        ("pregnant IS NULL", "pregnant now: not known"),
        ("pregnant IS NOT NULL", "pregnant now: known"),
        ("child_pugh_class = 'C'", "Child-Pugh class: C"),
        ("electroconvulsive_therapy", "ECT, ever: yes"),
        ("session_missed", "a session was missed: yes"),
        ("aldrete_total >= 9", "Aldrete total: 9 or more"),
        ("indication IN ('trd', 'ptsd', 'crps')",
         "indication: treatment-resistant depression, PTSD or complex regional pain syndrome"),
        ("indication NOT IN ('trd', 'ptsd')",
         "indication: neither treatment-resistant depression nor PTSD"),
        ("session_interval_days IN (7, 14)", "days between sessions: 7 or 14 days"),
        ("treatment_week BETWEEN 1 AND 4", "week of treatment: 1 to 4 weeks"),
        ("treatment_week BETWEEN 1 AND 4 AND NOT pregnant",
         "week of treatment: 1 to 4 weeks and pregnant now: no"),
        ("pregnant AND lactating AND maoi",
         "pregnant now: yes, breastfeeding: yes and MAO inhibitor: yes"),
        ("maoi OR (pregnant AND lactating)",
         "MAO inhibitor: yes; or (pregnant now: yes and breastfeeding: yes)"),
        ("(maoi OR pregnant) AND lactating",
         "(MAO inhibitor: yes or pregnant now: yes); and breastfeeding: yes"),
        ("NOT (maoi AND pregnant)",
         "it is not so that (MAO inhibitor: yes and pregnant now: yes)"),
        ("body_weight - 5 > 60", "(weight minus 5): more than 60"),
        ("LEAST(systolic_bp, diastolic_bp) >= 60",
         "the least of systolic pressure and diastolic pressure: 60 or more"),
        ("systolic_bp > diastolic_bp", "systolic pressure: more than diastolic pressure"),
        ("CASE WHEN unescorted THEN minutes_observed >= 120 ELSE minutes_observed >= 60 END",
         "if leaves without an escort: yes then minutes observed: 120 min or more; otherwise "
         "minutes observed: 60 min or more"),
        ("says_spvus_005",
         "the prescriber answers yes to “Was the need for admission judged by itself at "
         "this visit?”"),
    ],
)  # fmt: skip
def test_a_predicate_reads_like_this(written, read):
    dictionary = library().dictionary
    assert in_words(read_predicate(written, dictionary), dictionary) == read


def test_predicates_that_differ_read_differently():
    dictionary = library().dictionary
    read: dict[str, str] = {}
    for pack in library().packs.values():
        for criterion in pack.criteria:
            for node in (criterion.applies_when, criterion.require):
                if node is not None:
                    words = in_words(node, dictionary)
                    assert "_" not in words, words
                    assert read.setdefault(words, repr(node)) == repr(node)
    assert len(read) > 150
