"""Papers: the same data give the same bytes, in our fonts, tagged, and nothing turns to boxes."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.packets import packet

from evenkeel.core.packets.assemble import PARTS
from evenkeel.web.paper import typeset as module
from evenkeel.web.paper.typeset import CannotDraw, typeset

AT = datetime(2026, 11, 29, 20, 4, tzinfo=UTC)
TRIALS = [
    {"drug": "sertraline", "dose_mg_per_day": 150, "start": "2025-01-06", "end": "2025-05-10",
     "improvement_percent": 10, "adherent": True},
    {"drug": "venlafaxine", "dose_mg_per_day": 75, "start": "2025-06"},
]  # fmt: skip


@lru_cache(maxsize=1)
def assembled():
    made = packet(trials=TRIALS, parts=set(PARTS), indication="trd", pregnant=False)
    return json.dumps(made.as_object())


def sheet(**over):
    return json.loads(assembled()) | {
        "title": "Request for prior authorisation",
        "packet_id": "PA-4F3A-91C2",
        "person_line": "EXAMPLEBY, Nora · EK-000012",
        "clinic": "Saltmarsh clinic",
        "paper": "us-letter",
        "preview": False,
        "made": {"year": 2026, "month": 11, "day": 29, "hour": 15, "minute": 4},
        "made_words": "Issued 29 Nov 2026, 15:04 EST by A. Draftley",
        "draft_line": "Draft content. Illustrative payer rules.",
        "prescriber": "Dr S. Mockridge",
        "replaces": "",
    } | over  # fmt: skip


def named(name):
    made = sheet(person_line=f"{name} · EK-000012")
    made["person"]["stated"][0]["value"] = name
    return made


@pytest.fixture(scope="module")
def pdf():
    return typeset("packet", sheet(), made_at=AT)


def reader(made):
    return pypdf.PdfReader(BytesIO(made))


def words_of(made):
    return " ".join(" ".join(page.extract_text() for page in reader(made).pages).split())


def test_the_same_data_give_the_same_bytes_and_other_data_do_not(pdf):
    assert typeset("packet", sheet(), made_at=AT) == pdf
    assert typeset("packet", sheet(prescriber="A. Other"), made_at=AT) != pdf


def test_the_file_is_tagged_titled_and_in_a_language(pdf):
    root = reader(pdf).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"].startswith("en")
    assert "/StructTreeRoot" in root
    assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
    assert reader(pdf).metadata.title == "Request for prior authorisation PA-4F3A-91C2"


def test_every_font_in_the_file_is_ours_and_embedded(pdf):
    names = set()
    for page in reader(pdf).pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            names.add(str(below["/BaseFont"]))
            described = below["/FontDescriptor"].get_object()
            assert "/FontFile2" in described or "/FontFile3" in described
    assert names
    assert all("IBMPlex" in name for name in names), names


def test_no_font_of_the_machine_is_known_to_the_typesetter():
    paths = {Path(font.path).parent for font in module._fonts().fonts()}
    assert paths == {module.FONTS}


def test_the_fonts_are_those_that_were_vendored():
    told = json.loads((module.FONTS / "MANIFEST.json").read_text())
    there = {path.name for path in module.FONTS.glob("*.ttf")}
    named = {name for entry in told.values() for name in entry["files"]}
    assert there == named
    for entry in told.values():
        for name, digest in entry["files"].items():
            assert hashlib.sha256((module.FONTS / name).read_bytes()).hexdigest() == digest
        assert "SIL Open Font License" in (module.FONTS / entry["licence"]).read_text()


def test_each_page_bears_the_person_the_packet_and_its_number(pdf):
    pages = reader(pdf).pages
    assert len(pages) > 1
    for number, one in enumerate(pages, start=1):
        text = " ".join(one.extract_text().split())
        assert f"Page {number} of {len(pages)}" in text
        assert "EXAMPLEBY, Nora · EK-000012" in text
        assert "PA-4F3A-91C2" in text
        assert "Draft content. Illustrative payer rules." in text


def test_all_that_the_data_say_stands_on_the_paper(pdf):
    text, made = words_of(pdf), sheet()
    for line in made["criteria"]:
        assert line["statement"] in text, line["id"]
    for gap in made["missing"]:
        assert gap["what"] in text
    assert made["sha256"] in text.replace(" ", "")
    assert "Signature of the prescriber" in text
    assert "Name: Dr S. Mockridge" in text


@pytest.mark.parametrize(
    "name",
    ["ÑANDÚ, Zoë", "ŁUKASZ, Őrsi", "NGUYỄN, Thị Hằng", "ΠΑΠΑΔΟΠΟΎΛΟΥ, Ελένη", "ЩЕРБАКОВА, Юлия",
     "O’BRIEN-d’Artagnan, Siân"],
)  # fmt: skip
def test_a_name_with_accents_or_of_greek_or_cyrillic_letters_is_drawn(name):
    assert name in words_of(typeset("packet", named(name), made_at=AT))


def test_letters_in_two_code_points_are_drawn_as_one():
    assert "ZOË" in words_of(typeset("packet", named("ZOE\u0308"), made_at=AT))


@pytest.mark.parametrize("name", ["張偉", "محمد", "אבי", "สมชาย", "नेहा", "Nora 😀"])
def test_a_name_that_cannot_be_drawn_is_refused_with_letter_and_place(name):
    with pytest.raises(CannotDraw) as refused:
        typeset("packet", named(name), made_at=AT)
    words = str(refused.value)
    letter = re.search("cannot draw “(.+?)”", words)
    assert letter
    assert letter[1] in name
    assert "U+" in words
    assert "Name" in words
    assert "none was made" in words


@pytest.mark.parametrize("text", ["#evil[$x$] *b* _i_ @ref <label>", "`raw` // not a comment \\",
                                  "= heading", "- list\n+ list", "#{panic()}"])  # fmt: skip
def test_marks_of_the_typesetter_in_the_data_are_text(text):
    assert " ".join(text.split()) in words_of(typeset("packet", named(text), made_at=AT))


def test_long_texts_break_over_pages_and_long_runs_within_the_line():
    made = sheet()
    made["criteria"][0]["statement"] = "Pneumatic. " * 400
    made["person"]["stated"][0]["value"] = "W" * 200
    done = typeset("packet", made, made_at=AT)
    text = words_of(done).replace(" ", "").replace("\u200b", "")
    assert text.count("Pneumatic.") == 400
    assert "W" * 200 in text
    width = float(reader(done).pages[0].mediabox.width)

    def inside(run, _cm, tm, _font, _size):
        assert not run.strip() or 0 <= tm[4] < width

    for one in reader(done).pages:
        one.extract_text(visitor_text=inside)


@settings(max_examples=15)
@given(text=st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["C"]),
                    min_size=1, max_size=60))  # fmt: skip
def test_any_western_text_makes_a_paper_or_a_named_refusal(text):
    try:
        made = typeset("packet", named(text), made_at=AT)
    except CannotDraw:
        return
    assert made.startswith(b"%PDF-")
