"""One antidepressant trial as it is typed. What is left empty stays not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.facts.trial_hints import SeenDrug
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.trials.doubts import doubtful
from evenkeel.core.kernel.quantities import UnreadableQuantity, read_decimal
from evenkeel.web.records.models import FactAnswer
from evenkeel.web.records.selectors.facts import exact

NOT_KNOWN = ("", "not known")
YES_NO = (NOT_KNOWN, ("yes", "yes"), ("no", "no"))
BETTER = (
    NOT_KNOWN,
    ("under_25", "less than a quarter (under 25%)"),
    ("25_to_49", "a quarter to under a half (25 to 49%)"),
    ("50_or_more", "a half or more (50% or more)"),
)
STOPPED = (
    NOT_KNOWN,
    ("no_effect", "it did not work"),
    ("too_little_effect", "it worked too little"),
    ("side_effects", "side effects"),
    ("improved", "better, no longer needed"),
    ("other", "another reason"),
)
EPISODES = (
    ("", "not said: told by its dates"),
    ("current", "yes"),
    ("earlier", "no, an earlier one"),
)
FEWEST_STEPS, MOST_STEPS = 4, 40
_TEXT = {"autocomplete": "off"}
_NUMBER = {"autocomplete": "off", "inputmode": "decimal"}
_DAY = {"autocomplete": "off", "placeholder": "2025-03 or 2025-03-14"}


def _text(label: str, attrs: Mapping[str, str], **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs=dict(attrs))
    return forms.CharField(label=label, required=False, max_length=200, widget=widget, **more)


class TrialForm(forms.Form):
    """One trial. ``trial`` is it as JSON has it, once the form is valid.

    told: the rows of the doses in which anything was typed.
    """

    drug = forms.CharField(
        label="Drug",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "drug-names"}),
        error_messages={"required": "Name the drug. Everything else may stay empty."},
    )
    dose = _text("Highest dose", _NUMBER)
    start = _text("First day", _DAY)
    end = _text("Last day", _DAY)
    ongoing = forms.BooleanField(label="Still taken", required=False)
    improvement = _text("Better by", _NUMBER)
    better = forms.ChoiceField(label="Or about how much", choices=BETTER, required=False)
    worse = forms.BooleanField(label="It got worse by this much", required=False)
    adherent = forms.ChoiceField(label="Taken as agreed", choices=YES_NO, required=False)
    stopped = forms.ChoiceField(label="Why it ended", choices=STOPPED, required=False)
    augmented = forms.ChoiceField(label="Was anything added to it", choices=YES_NO, required=False)
    augmentation = _text("What was added", _TEXT)
    episode = forms.ChoiceField(label="In this episode", choices=EPISODES, required=False)
    clear = forms.ChoiceField(
        label="Clearly did not work, though under 4 weeks", choices=YES_NO, required=False
    )
    said_by = forms.ChoiceField(label="Said by", choices=FactAnswer.SaidBy.choices)
    note = _text("Note", _TEXT)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.trial: dict[str, Any] = {}
        self.told: list[int] = []
        self.rows = range(1, 1 + max(FEWEST_STEPS, _highest(self.data or self.initial)))
        for number in self.rows:
            self.fields[f"step_{number}_dose"] = _text(f"Dose {number}", _NUMBER)
            self.fields[f"step_{number}_start"] = _text(f"Dose {number} from", _DAY)
            self.fields[f"step_{number}_end"] = _text(f"Dose {number} until", _DAY)

    @property
    def steps(self) -> list[list[Any]]:
        """The bound fields of the doses, row by row."""
        return [[self[f"step_{number}_{part}"] for part in ("dose", "start", "end")]
                for number in self.rows]  # fmt: skip

    @property
    def has_steps(self) -> bool:
        return any(field.value() for row in self.steps for field in row)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if self.errors:
            return typed
        made = self._as_json(typed)
        if self.errors:
            return typed
        faults: list[str] = []
        read = read_trials(exact([made]), faults)
        for fault in faults:
            self._place(fault)
        if read and not faults:
            _, problems = doubtful(read, self.today, "antidepressant_trials")
            for problem in problems:
                what = problem.text.partition(":")[0]
                self.add_error(
                    None, f"{what[:1].upper()}{what[1:]}. Nothing was kept; correct its dates."
                )
        self.trial = made
        return typed

    def _as_json(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"drug": " ".join(typed["drug"].split())}
        self._number(made, typed, "dose", "dose_mg_per_day", "mg a day")
        self._number(made, typed, "improvement", "improvement_percent", "per cent")
        if typed.get("worse") and "improvement_percent" in made:
            made["improvement_percent"] = -made["improvement_percent"]
        for name, key in (("start", "start"), ("better", "improvement"),
                          ("stopped", "stopped_because"), ("episode", "episode")):  # fmt: skip
            if typed.get(name, "").strip():
                made[key] = typed[name].strip()
        if typed.get("ongoing"):
            made["end"] = None
            if typed.get("end", "").strip():
                self.add_error("end", "It cannot have a last day and still be taken. Keep one.")
        elif typed.get("end", "").strip():
            made["end"] = typed["end"].strip()
        for name, key in (("adherent", "adherent"), ("clear", "clear_non_response")):
            if typed.get(name):
                made[key] = typed[name] == "yes"
        self._augmentation(made, typed)
        self._steps(made, typed)
        return made

    def _augmentation(self, made: dict[str, Any], typed: Mapping[str, Any]) -> None:
        what, said = typed.get("augmentation", "").strip(), typed.get("augmented", "")
        if what and said == "no":
            self.add_error("augmentation", "This names something added, but the answer is no.")
        elif what:
            made["augmentation"] = what
        elif said:
            made["augmentation"] = said == "yes"

    def _steps(self, made: dict[str, Any], typed: Mapping[str, Any]) -> None:
        steps = []
        for number in self.rows:
            row: dict[str, Any] = {}
            self._number(row, typed, f"step_{number}_dose", "dose_mg_per_day", "mg a day")
            for part in ("start", "end"):
                if typed.get(f"step_{number}_{part}", "").strip():
                    row[part] = typed[f"step_{number}_{part}"].strip()
            if row:
                steps.append(row)
                self.told.append(number)
        if steps:
            made["doses"] = steps

    def _number(
        self, made: dict[str, Any], typed: Mapping[str, Any], name: str, key: str, unit: str
    ) -> None:
        words = typed.get(name, "").strip()
        if not words:
            return
        try:
            number = read_decimal(words, unit)
        except UnreadableQuantity as fault:
            self.add_error(name, str(fault))
            return
        made[key] = int(number) if number == number.to_integral_value() else float(number)

    def _place(self, fault: str) -> None:
        """A fault of the reader, at the field that it is about."""
        match = re.match(
            r"antidepressant_trials\[\d+\]\.(?:doses\[(\d+)\]\.?)?(\w*): (.*)", fault, re.DOTALL
        )
        if match is None:
            self.add_error(None, fault)
            return
        step, key, words = match.groups()
        if step is not None:
            part = "dose" if key in ("", "dose_mg_per_day") else key
            name = f"step_{self.told[int(step)]}_{part}"
        else:
            name = _FIELD_OF.get(key, key)
        text = f"{words[:1].upper()}{words[1:]}."
        self.add_error(name if name in self.fields else None, text)


_FAULT = re.compile(r"antidepressant_trials\[\d+\]\.(?:doses\[(\d+)\]\.?)?(\w*): (.*)", re.DOTALL)
_FIELD_OF = {
    "dose_mg_per_day": "dose",
    "improvement_percent": "improvement",
    "improvement": "better",
    "stopped_because": "stopped",
    "clear_non_response": "clear",
    "doses": "step_1_dose",
}


def _highest(typed: Mapping[str, Any]) -> int:
    """The highest number of a dose among the names of fields."""
    named = [re.fullmatch(r"step_(\d{1,2})_(?:dose|start|end)", name) for name in typed]
    return min(max((int(each[1]) for each in named if each), default=0), MOST_STEPS)


def typed_of(trial: Mapping[str, Any]) -> dict[str, Any]:
    """A kept trial as the fields of the form hold it."""
    better = trial.get("improvement_percent")
    typed: dict[str, Any] = {
        "drug": trial["drug"],
        "dose": _plain(trial.get("dose_mg_per_day")),
        "start": trial.get("start") or "",
        "end": trial.get("end") or "",
        "ongoing": "end" in trial and trial["end"] is None,
        "improvement": _plain(abs(better) if better is not None else None),
        "worse": better is not None and better < 0,
        "better": trial.get("improvement") or "",
        "stopped": trial.get("stopped_because") or "",
        "episode": trial.get("episode") or "",
        "adherent": _yes_no(trial.get("adherent")),
        "clear": _yes_no(trial.get("clear_non_response")),
    }
    added = trial.get("augmentation")
    typed["augmentation"] = added if isinstance(added, str) else ""
    typed["augmented"] = "yes" if isinstance(added, str) and added else _yes_no(added)
    for number, step in enumerate(trial.get("doses") or [], start=1):
        typed |= {
            f"step_{number}_dose": _plain(step.get("dose_mg_per_day")),
            f"step_{number}_start": step.get("start") or "",
            f"step_{number}_end": step.get("end") or "",
        }
    return typed


def typed_of_seen(seen: SeenDrug) -> dict[str, Any]:
    """What an entry of the record says of a trial: the drug, and days only of taking it."""
    typed: dict[str, Any] = {"drug": seen.drug, "said_by": FactAnswer.SaidBy.RECORD}
    if seen.is_period:
        typed |= {"start": str(seen.start), "end": str(seen.end)}
    return typed


def _plain(number: Any) -> str:
    if number is None:
        return ""
    return str(int(number)) if number == int(number) else str(number)


def _yes_no(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else ""


def drug_names(content: Library) -> list[str]:
    """Names to suggest: the minimum-dose table's and the terminology's antidepressants."""
    terminology = content.terminology
    wanted = terminology.closures["oral_antidepressant"] | {"selegiline"}
    named = {
        name
        for name, matches in terminology.drug_names.items()
        if any(match.concept in wanted for match in matches)
    }
    forms_of = {"bupropion SR", "bupropion XL", "venlafaxine XR", "selegiline patch"}
    return sorted(named | content.knowledge.doses.ingredients | forms_of, key=str.lower)
