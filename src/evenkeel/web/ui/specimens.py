"""Invented people and values that fill the gallery. Nothing here is a clinical fact."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator

from evenkeel.web.ui import specimen_plots
from evenkeel.web.ui.icons import ICONS

MINUTE = timedelta(minutes=1)


class SpecimenForm(forms.Form):
    """Each kind of field, some of them refused."""

    name = forms.CharField(label="Name of the escort", help_text="Who takes the person home.")
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In a sentence another clinician can follow; at least 15 letters.",
        min_length=15,
    )
    rate = forms.DecimalField(label="Rate", widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    product = forms.ChoiceField(
        label="Product", choices=[("iv", "Ketamine IV"), ("nasal", "Esketamine nasal")]
    )
    answer = forms.ChoiceField(
        label="What does the prescriber decide?",
        choices=[("go", "Go ahead today"), ("wait", "Wait and measure again"), ("no", "Not today")],
        widget=forms.RadioSelect,
    )
    heard = forms.BooleanField(label="The person was told and agrees", required=False)
    note = forms.CharField(label="Note", required=False)


def chairs(now: datetime) -> list[dict[str, Any]]:
    """One chair in each state."""
    small = [("Pulse", 78), ("SpO₂", 98), ("Breaths", 15), ("Sedation", 5), ("Dissoc.", 3)]
    calm = {
        "no": 1,
        "name": "Juniper S.",
        "product": "Ketamine IV 38 mg over 40 min",
        "state": "calm",
        "phase": "Infusion",
        "phase_time": "24 min",
        "phase_of": "of 40",
        "track": [(12, 1), (26, 0.6), (48, 0), (14, 0)],
        "notches": [],
        "next_what": "Blood pressure",
        "next_due": now + timedelta(minutes=5, seconds=50),
        "bp": (132, 84),
        "spark": [(0, 122), (10, 125), (20, 130), (26, 134), (30, 132)],
        "small": small,
        "nurse": "A. Draftley",
        "age": "monitor 8 s ago",
    }
    return [
        calm,
        {
            **calm,
            "no": 2,
            "name": "Otis E.",
            "product": "Esketamine nasal 84 mg, 3 devices",
            "state": "due",
            "phase": "Dosing",
            "phase_time": "7 min",
            "phase_of": "device 2 of 3",
            "notches": [0.55],
            "next_what": "Device 3, not before",
            "next_due": now + timedelta(minutes=2, seconds=14),
            "bp": (124, 80),
            "nurse": "R. Proofe",
        },
        {
            **calm,
            "no": 3,
            "name": "Wren M.",
            "product": "Esketamine nasal 56 mg",
            "state": "high",
            "chip": "high",
            "phase": "Observation",
            "phase_time": "41 min",
            "phase_of": "of 120 or more",
            "track": [(12, 1), (26, 1), (48, 0.34), (14, 0)],
            "notches": [0.55],
            "next_what": "Repeat blood pressure",
            "next_due": now + timedelta(seconds=55),
            "bp": (196, 118),
            "bp_beyond": True,
            "spark": [(0, 150), (10, 152), (20, 168), (26, 188), (30, 196)],
            "spark_limit": 180,
        },
        {
            **calm,
            "no": 4,
            "name": "Idris F.",
            "product": "Ketamine IV 41 mg",
            "state": "lost",
            "chip": "lost",
            "phase": "Observation",
            "phase_time": "25 min",
            "phase_of": "of 60 or more",
            "next_what": "Check in person",
            "next_due": None,
            "next_prefix": "due",
            "next_when": "now",
            "bp": (128, 82),
            "age": "last reading 10:38:58",
            "age_old": True,
        },
        {
            **calm,
            "no": 5,
            "name": "Petra D.",
            "product": "Esketamine nasal 84 mg",
            "state": "ready",
            "chip": "ready",
            "phase": "Ready to leave",
            "phase_time": "124 min",
            "phase_of": "observed",
            "track": [(12, 1), (26, 1), (48, 1), (14, 0)],
            "notches": [0.55],
            "next_what": "Escort is here",
            "next_due": None,
            "next_prefix": "conditions met",
            "next_when": "7 of 7",
            "bp": (126, 80),
            "age": "by hand 10:40",
        },
        {
            "no": 6,
            "empty_title": "Turnover",
            "product": "cleaning since 10:31",
            "state": "empty",
            "next_label": "Free in about",
            "next_what": "L. Trialby cleans",
            "next_when": "9 min",
            "coming": [
                ("11:00", "Hugo V.", "Esketamine nasal 56 mg, treatment 3"),
                ("14:30", "Tobias P.", "Ketamine IV, treatment 1"),
            ],
            "foot": "Next: A. Draftley",
        },
        {
            **calm,
            "no": 7,
            "name": "Caspian S.",
            "product": "Esketamine nasal 56 mg, treatment 1",
            "phase": "Day gate",
            "phase_time": "12 min",
            "phase_of": "since check-in",
            "track": [(12, 0.5), (26, 0), (48, 0), (14, 0)],
            "notches": [0.55],
            "next_what": "Prescriber to judge 148/94",
            "next_due": None,
            "next_prefix": "condition",
            "next_when": "1 left",
            "bp": (148, 94),
            "age": "by hand 10:36",
        },
        {
            **calm,
            "no": 8,
            "name": "Mabel F.",
            "product": "Esketamine nasal 84 mg",
            "state": "late",
            "chip": "medium",
            "phase": "Observation",
            "phase_time": "91 min",
            "phase_of": "of 120 or more",
            "track": [(12, 1), (26, 1), (48, 0.75), (14, 0)],
            "notches": [0.55],
            "next_what": "Sedation check late",
            "next_due": now - timedelta(seconds=100),
            "bp": (118, 76),
        },
    ]


def criteria() -> dict[str, Any]:
    """A criteria table with the four verdicts."""
    met = {"state": "yes"}
    return {
        "heads": [
            {
                "answer": "unknown",
                "pack": "Esketamine, US label",
                "sub": "with its safety programme",
                "because": "2 facts missing",
                "edition": "2025-01",
                "status": "draft",
            },
            {
                "answer": "no",
                "pack": "Esketamine, EU label",
                "sub": "product information",
                "because": "1 criterion in the way",
                "edition": "2025",
                "status": "draft",
            },
            {
                "answer": "yes",
                "pack": "Ketamine, APA consensus",
                "sub": "Council of Research",
                "because": "nothing in the way",
                "edition": "2017",
                "status": "reviewed",
            },
            {
                "answer": "judge",
                "pack": "Ketamine, chronic pain",
                "sub": "three US pain societies",
                "because": "a prescriber must decide",
                "edition": "2018",
                "status": "reviewed",
            },
        ],
        "rows": [
            {
                "name": "Antidepressants failed",
                "cells": [
                    {**met, "text": "3 of at least 2"},
                    {**met, "text": "2 of at least 2"},
                    {**met, "text": "history on file"},
                    {"state": "na", "text": "pain pack"},
                ],
            },
            {
                "name": "Antidepressant alongside",
                "differ": True,
                "cells": [
                    {**met, "text": "alone or with any"},
                    {"state": "no", "text": "mirtazapine is not an SSRI or SNRI"},
                    {"state": "na", "text": "not required"},
                    {"state": "na", "text": "pain pack"},
                ],
            },
            {
                "name": "Aneurysm, malformation",
                "cells": [
                    {"state": "unknown", "text": "not in the record"},
                    {"state": "unknown", "text": "not in the record"},
                    {"state": "na", "text": "not named"},
                    {"state": "na", "text": "not named"},
                ],
            },
            {
                "name": "Alcohol and drugs",
                "differ": True,
                "cells": [
                    {**met, "text": "risk assessed 20 Nov"},
                    {**met, "text": "risk assessed 20 Nov"},
                    {**met, "text": "history taken"},
                    {"state": "judge", "text": "is AUDIT-C 5 active abuse?"},
                ],
            },
        ],
        "safeguards": {
            "state": "unknown",
            "strong": "2 of 9 unknown: aneurysm or malformation, bleed inside the skull.",
            "text": "Dosing stays locked until both are answered.",
        },
        "change": [
            "Yes if both questions are answered No.",
            "Yes if an SSRI or SNRI is added.",
            "Judge from month 2.",
            "Yes or no by the prescriber’s judgement.",
        ],
    }


def portal(now: datetime) -> dict[str, Any]:
    return {"saved_at": now, "graph": specimen_plots.patient_graph()}


def wall(now: datetime) -> dict[str, Any]:
    return {"chairs": chairs(now), "soon": now + timedelta(seconds=72)}


def gallery(now: datetime) -> dict[str, Any]:
    """The context of the gallery page."""
    refused = SpecimenForm(
        {"name": "", "reason": "because", "rate": "5,7", "product": "iv", "answer": "go"},
        auto_id="refused_%s",
    )
    refused.is_valid()
    pages = Paginator(range(1, 389), 50)
    return {
        "now": now,
        "born": date(1969, 5, 17),
        "none_known_on": date(2026, 11, 24),
        "extra": [("Chair 2, responsible", "A. Draftley")],
        "in_five": now + timedelta(minutes=5, seconds=50),
        "in_one": now + timedelta(seconds=62),
        "late": now - timedelta(seconds=100),
        "soon": now + timedelta(minutes=4, seconds=12),
        "tapped_at": now - 7 * MINUTE,
        "levels": [(n, "") for n in range(11)],
        "sedation": [
            (5, "Awake"),
            (4, "Slow"),
            (3, "Loud call"),
            (2, "Prodding"),
            (1, "Squeeze"),
            (0, "None"),
        ],
        "form": SpecimenForm(
            initial={"reason": "Anxious on arrival. 128/82 at home this morning."}
        ),
        "refused": refused,
        "chairs": chairs(now),
        "criteria": criteria(),
        "track": [(12, 1), (26, 0.6), (48, 0), (14, 0)],
        "inputs": [
            {"state": "yes", "text": "MADRS 8 by Dr Mockridge", "age": "21 Nov, 3 days old"},
            {"state": "yes", "text": "At least week 8 of the course", "age": "week 22"},
            {"state": "yes", "text": "Above 12 in the last 4 weeks: no", "age": "9, 9, 8"},
        ],
        "stale_inputs": [
            {"state": "unknown", "text": "MADRS 8 by Dr Mockridge", "age": "71 days old"}
        ],
        "fifty": Decimal("50"),
        "thirty_eight": Decimal("38.0"),
        "twelve": Decimal("12"),
        "eleven": Decimal("11"),
        "page": pages.page(2),
        "course": specimen_plots.course(),
        "treatment": specimen_plots.treatment(now),
        "modelled": specimen_plots.modelled(),
        "icons": sorted(ICONS),
    }
