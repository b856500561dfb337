"""Which dose of an antidepressant is enough, by each table that says so.

In: content/guidelines/antidepressant_min_doses.csv. Out: for a drug as people
write it, its ingredient and the lowest adequate dose, mg per day, as a range
from where no table says yes to where every table does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources.abc import Traversable

from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.kernel.content import content, read_csv
from evenkeel.core.kernel.quantities import plain
from evenkeel.core.kernel.sources import Mark

_DOSE_COLUMNS = (
    "drug",
    "mcmaster_usual_range_low_mg_per_day_seen",
    "atrq_min_mg_per_day_known_verify",
    "maudsley_min_effective_mg_per_day_known_verify",
    "note",
)
TABLES = {"mcmaster": _DOSE_COLUMNS[1], "atrq": _DOSE_COLUMNS[2], "maudsley": _DOSE_COLUMNS[3]}
TABLE_WORDS = {"mcmaster": "McMaster", "atrq": "ATRQ", "maudsley": "Maudsley"}
# How each column was read; the column names of the file say the same.
TABLE_MARKS = {
    "mcmaster": Mark.SEEN,
    "atrq": Mark.KNOWN_VERIFY,
    "maudsley": Mark.KNOWN_VERIFY,
}

_ROWS = {
    "venlafaxine": "venlafaxine_xr",
    "venlafaxine_er": "venlafaxine_xr",
    "bupropion": "bupropion_xl",
    "amitriptyline": "tricyclics_amitriptyline_imipramine",
    "imipramine": "tricyclics_amitriptyline_imipramine",
    "selegiline": "selegiline_transdermal",
}
# Words after an ingredient that name a form or a salt and no other drug.
_FORMS = frozenset(
    {
        *("xr", "er", "sr", "xl", "cr", "la", "ir", "mr", "pr", "dr", "hcl", "hydrochloride"),
        *("hydrobromide", "mesylate", "maleate", "oral", "tablet", "tablets", "capsule"),
        *("capsules", "mg", "extended", "sustained", "delayed", "modified", "release", "hr"),
        *("hour", "day", "daily", "transdermal", "patch", "film", "coated"),
    }
)


_MOST_NAMES = 2000  # names kept with their rows; people write names in many ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The doses that part enough from too little.

    surely_from: from here every table that is asked says enough, mg per day.
    too_low_below: below this no table says enough.
    tables: the minimum of each table.
    """

    surely_from: Decimal
    too_low_below: Decimal
    tables: Mapping[str, Range]

    def enough(self, dose: Decimal | None) -> bool | None:
        """Whether a dose is; None = not known, or the tables part on it."""
        if dose is None:
            return None
        if dose >= self.surely_from:
            return True
        return False if dose < self.too_low_below else None

    @property
    def words(self) -> str:
        if self.surely_from == self.too_low_below:
            return f"{plain(self.surely_from)} mg"
        return f"{plain(self.too_low_below)} to {plain(self.surely_from)} mg"

    @property
    def table_words(self) -> str:
        """ "75 mg by McMaster and Maudsley, 150 mg by ATRQ"."""
        by_dose: dict[str, list[str]] = {}
        for table, minimum in self.tables.items():
            by_dose.setdefault(str(minimum), []).append(TABLE_WORDS[table])
        return ", ".join(f"{dose} mg by {' and '.join(who)}" for dose, who in by_dose.items())


@dataclass(frozen=True, slots=True)
class DoseTable:
    """Lowest adequate dose by drug and table, mg per day; a range where the table is unsure.

    ingredients: every drug that has a row.
    """

    minimum: Mapping[str, Mapping[str, Range]]
    ingredients: frozenset[str] = field(init=False)
    _rows: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    _names: dict[str, tuple[str, str]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        names = {row.split("_")[0] for row in self.minimum if not row.startswith("tricyclics")}
        object.__setattr__(self, "ingredients", frozenset(names | set(_ROWS) - {"venlafaxine_er"}))

    def drug_row(self, drug: str) -> str:
        """The table's row for a drug as people write it; "" when there is none."""
        if drug not in self._rows:
            if len(self._rows) > _MOST_NAMES:
                self._rows.clear()
            self._rows[drug] = self._row_of(drug)
        return self._rows[drug]

    def _row_of(self, drug: str) -> str:
        name = drug.strip().lower().replace(" ", "_").replace("-", "_")
        ingredient, form = self._parts(drug)
        for candidate in (
            name,
            _ROWS.get(name, ""),
            f"{ingredient}_{form}",
            ingredient,
            _ROWS.get(ingredient, ""),
        ):
            if candidate in self.minimum:
                return candidate
        return ""

    def ingredient(self, drug: str) -> str:
        """The drug without its form: two forms of one ingredient are one drug."""
        return self._parts(drug)[0]

    def _parts(self, drug: str) -> tuple[str, str]:
        """Ingredient and form, kept, because each trial asks for them many times."""
        if drug not in self._names:
            if len(self._names) > _MOST_NAMES:
                self._names.clear()
            self._names[drug] = self._read(drug)
        return self._names[drug]

    def _read(self, drug: str) -> tuple[str, str]:
        words = drug.strip().lower().replace("_", " ")
        tokens = re.findall(r"[a-z]+", words)
        if not tokens or tokens[0] not in self.ingredients or set(tokens[1:]) - _FORMS:
            return " ".join(words.split()), ""
        return tokens[0], next((token for token in tokens[1:] if token in ("sr", "xl", "xr")), "")

    def threshold(self, drug: str, column: str) -> Threshold | None:
        """The minimum of one table, or ("any") of every table that lists the drug."""
        listed = self.minimum.get(self.drug_row(drug), {})
        tables = listed if column == "any" else {k: v for k, v in listed.items() if k == column}
        lows = [each.low for each in tables.values() if each.low is not None]
        highs = [each.high for each in tables.values() if each.high is not None]
        if not lows or not highs:
            return None
        return Threshold(surely_from=max(highs), too_low_below=min(lows), tables=dict(tables))

    def seen_too_low(self, drug: str, dose: Decimal) -> bool:
        """Whether a table that was read on its own page finds a dose too low."""
        listed = self.minimum.get(self.drug_row(drug), {})
        return any(
            minimum.low is not None and dose < minimum.low
            for table, minimum in listed.items()
            if TABLE_MARKS[table] is Mark.SEEN
        )


def load_doses(root: Traversable | None = None) -> DoseTable:
    """The minimum-dose table; rows in another unit (a patch) carry no number."""
    minimum: dict[str, dict[str, Range]] = {}
    place = content("guidelines", "antidepressant_min_doses.csv", root=root)
    for row in read_csv(place, _DOSE_COLUMNS):
        minimum[row["drug"]] = {
            table: written
            for table, column in TABLES.items()
            if (written := _written(row[column])) is not None
        }
    return DoseTable(minimum)


def _written(cell: str) -> Range | None:
    try:
        ends = [Decimal(part) for part in cell.split("-")]
    except ArithmeticError:
        return None
    return Range(ends[0], ends[-1])
