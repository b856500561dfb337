"""A decision explained again after the content changed; and whose verdict a change moves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.referrals import PATIENT, as_json, bundle, changed
from tests.web.test_screening import PRESSURE, clear_for_pain, tell

from evenkeel.cli import cli
from evenkeel.core.guidelines.facts.kept import facts_as_json, facts_from
from evenkeel.core.guidelines.packs import library as shelf
from evenkeel.core.guidelines.packs.editions import find, write_archive
from evenkeel.core.guidelines.packs.library import Library, library, load_library
from evenkeel.core.kernel.held import Held
from evenkeel.web.ledger.models import Entry
from evenkeel.web.ledger.verify import examine
from evenkeel.web.records import jobs
from evenkeel.web.records.models import (
    ContentEdition,
    EditionEffect,
    EditionReview,
    Patient,
    ScreeningDecision,
    Task,
)
from evenkeel.web.records.selectors import affected as whom
from evenkeel.web.records.selectors import editions as kept_editions
from evenkeel.web.records.selectors import facts as facts_selector
from evenkeel.web.records.selectors.editions import NoSuchContent, content_of, explain_again
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.services import edition_reviews as reviews
from evenkeel.web.records.services import referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PAIN = "asra-2018-chronic-pain"
PAIN_FILE = f"guidelines/packs/{PAIN}.toml"


def make_patient(user, entry: str = "o2", **person) -> Patient:
    raw = as_json(bundle(changed(PRESSURE, id=entry), patient=changed(PATIENT, **person)))
    receipt = referrals.receive(raw=raw, by=user, via=referrals.Via.UPLOAD, at=NOW)
    return receipt.patient


@pytest.fixture(autouse=True)
def now(stand_still):
    stand_still(NOW)


@pytest.fixture
def patient(user_of) -> Patient:
    return make_patient(user_of("coordinator"))


def decide(patient, by, **more) -> ScreeningDecision:
    return screening.decide(
        **{
            "patient": patient, "pack": PAIN, "product": "racemic_iv", "indication": "crps",
            "choice": "proceed", "reason": "", "by": by, "at": NOW,
        } | more
    )  # fmt: skip


@pytest.fixture
def decided(patient, user_of) -> ScreeningDecision:
    clear_for_pain(patient, user_of("prescriber"))
    return decide(patient, user_of("prescriber"))


@cache
def other_content() -> Library:
    """Content in which the consensus on pain suddenly wants a condition that nobody has said."""
    files = dict(library().held.files)
    text = files[PAIN_FILE].decode()
    was = "NOT pregnant"
    assert text.count(was) == 1
    files[PAIN_FILE] = text.replace(was, "pregnant").encode()
    name = f'edition = "{library().edition}"'.encode()
    assert name in files["guidelines/index.toml"]
    files["guidelines/index.toml"] = files["guidelines/index.toml"].replace(
        name, b'edition = "2031-01-01"'
    )
    return load_library(Held(files))


@pytest.fixture
def ship(monkeypatch):
    """Make other content the one that this program works with."""

    def replace(content: Library) -> Library:
        for module in (kept_editions, facts_selector, reviews, screening):
            monkeypatch.setattr(module, "library", lambda: content)
        return content

    return replace


# What is kept ---------------------------------------------------------------------------


def test_the_first_decision_keeps_its_content_and_the_second_adds_nothing(decided, user_of):
    (row,) = ContentEdition.objects.all()
    assert (row.sha256, row.edition) == (decided.content_sha256, decided.content_edition)
    assert bytes(row.archive) == write_archive(library())
    decide(decided.patient, user_of("prescriber"), choice="wait", reason="More to come.")
    assert ContentEdition.objects.count() == 1
    assert Entry.objects.filter(action="content.kept").count() == 1


def test_content_of_a_decision_that_failed_is_not_kept(patient, user_of):
    with pytest.raises(screening.CannotDecide):
        decide(patient, user_of("prescriber"))
    assert not ContentEdition.objects.exists()


def test_kept_content_cannot_be_changed_or_taken_away(decided):
    for change in (
        lambda: ContentEdition.objects.update(edition="x"),
        lambda: ContentEdition.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            change()


def test_a_decision_keeps_answers_trials_and_where_the_chart_was_read(patient, user_of):
    prescriber = user_of("prescriber")
    trial = {"drug": "sertraline", "dose_mg_per_day": 100, "start": "2025-01-06",
             "end": "2025-04-10", "improvement_percent": 5, "adherent": True}  # fmt: skip
    tell(patient, prescriber, indication="trd", antidepressant_trials=[trial])
    made = decide(patient, prescriber, choice="wait", reason="Second trial first.")
    assert made.inputs["as_of"] == "2026-11-24"
    assert made.inputs["trials"] == [trial]
    assert made.inputs["referrals"] == [patient.referrals.get().pk]
    (told,) = made.inputs["answers"]
    assert (told["name"], told["value"], told["settles"]) == ("indication", "trd", True)
    assert explain_again(made).is_identical
    text = json.dumps(made.inputs)
    assert patient.family not in text
    assert patient.given not in text


# Explained again ------------------------------------------------------------------------


def test_a_decision_reads_the_same_while_the_content_is_the_same(decided):
    again = explain_again(decided)
    assert again.is_identical
    assert (again.parts, again.facts, again.unread) == ((), (), "")
    assert [each.kept for each in again.packs] == [each.anew for each in again.packs]
    assert [each.anew for each in again.packs] == [each.today for each in again.packs]


def test_a_decision_is_explained_from_its_own_content_after_another_was_shipped(decided, ship):
    ship(other_content())
    again = explain_again(decided)
    assert again.is_identical
    assert again.edition.sha256 == decided.content_sha256
    pain = next(each for each in again.packs if each.chosen)
    assert (pain.kept, pain.anew, pain.today) == ("yes", "yes", "judge")
    assert [each.before for each in pain.changes] == ["met"]
    assert [each.after for each in pain.changes] == ["not_met"]


def test_the_page_shows_the_decision_then_anew_and_today(decided, ship, client_as):
    address = reverse("clinic:screening_decision_again", args=[decided.patient.number, decided.pk])
    same = client_as("nurse").get(address).content.decode()
    assert "Identical" in same
    new = ship(other_content())
    shown = client_as("nurse").get(address).content.decode()
    assert "Identical" in shown
    assert decided.content_sha256[:16] in shown
    assert new.packs[PAIN].short in shown


def test_answers_given_later_change_nothing_of_an_earlier_decision(decided, user_of):
    tell(decided.patient, user_of("prescriber"), pregnant=True)
    again = explain_again(decided)
    assert again.is_identical
    assert again.facts == ()
    assert next(each.today for each in again.packs if each.chosen) == "yes"


def test_a_referral_that_came_later_changes_nothing_of_an_earlier_decision(decided, user_of):
    later = changed(PRESSURE, id="o9", effectiveDateTime="2026-11-24T08:00:00-05:00")
    for part, value in zip(later["component"], (190, 120), strict=True):
        part["valueQuantity"]["value"] = value
    raw = as_json(bundle(later, patient=PATIENT))
    referrals.receive(raw=raw, by=user_of("coordinator"), via=referrals.Via.UPLOAD, at=NOW)
    before = {name: told["value"] for name, told in decided.facts.items()}
    now = facts_as_json(check_of(decided.patient, as_of=TODAY).facts)
    assert now["systolic_bp"]["value"] != before["systolic_bp"]
    assert explain_again(decided).facts == ()


def test_where_today_s_engine_says_otherwise_both_are_told(decided, monkeypatch):
    """The engine forgets how to compare: every pack says unknown."""
    monkeypatch.setattr(
        kept_editions, "judge_facts",
        lambda facts, *, library, packs, died: check_of(
            Patient(pk=decided.patient.pk), as_of=date(2040, 1, 1), packs=packs
        ).packs,
    )  # fmt: skip
    again = explain_again(decided)
    assert not again.is_identical
    whole = next(each for each in again.parts if each.pack == PAIN and not each.criterion)
    assert (whole.kept, whole.anew) == ("yes", "unknown")


def test_an_old_decision_without_its_inputs_is_said_to_be_not_judged_anew(decided):
    old = ScreeningDecision(
        patient=decided.patient, pack=PAIN, packs=decided.packs, facts=decided.facts, inputs=None,
        content_sha256=decided.content_sha256,
    )  # fmt: skip
    again = explain_again(old)
    assert "older than" in again.refused
    assert not again.is_identical
    assert again.packs == ()


def altered(**changes) -> None:
    """As somebody with the owner's rights would: behind the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_contentedition DISABLE TRIGGER USER")
        ContentEdition.objects.update(**changes)
        cursor.execute("ALTER TABLE records_contentedition ENABLE TRIGGER USER")


def test_kept_content_whose_bytes_were_altered_is_refused_by_name(decided, ship, client_as):
    files = dict(library().held.files)
    files[PAIN_FILE] = files[PAIN_FILE].replace(b"NOT pregnant", b"pregnant")
    forged = write_archive(load_library(Held(files)))
    whole = bytes(ContentEdition.objects.get().archive)
    ship(other_content())
    for raw in (whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:], forged):
        altered(archive=raw)
        assert decided.content_sha256[:16] in explain_again(decided).refused
    with pytest.raises(NoSuchContent, match="cannot be used"):
        content_of(decided.content_sha256)
    shown = client_as("prescriber").get(
        reverse("clinic:screening_decision_again", args=[decided.patient.number, decided.pk])
    )
    assert shown.status_code == 200
    assert "cannot be used" in shown.content.decode()
    with connection.cursor() as cursor:
        found = examine(cursor)
    assert not found.whole
    assert "records_contentedition" in found.because


def test_content_that_is_nowhere_is_refused_and_a_released_edition_is_found(decided):
    assert content_of(find("2026-11-24").sha256).edition == "2026-11-24"
    with pytest.raises(NoSuchContent, match="neither kept here"):
        content_of("0" * 64)


def test_kept_facts_that_were_altered_are_refused_not_guessed(decided):
    for told in ({"value": "perhaps"}, {"kind": "day"}, {"kind": "number"}):
        decided.facts["pregnant"] = decided.facts["pregnant"] | told
        assert "cannot be read" in explain_again(decided).refused
    decided.facts["no_such_fact"] = decided.facts.pop("pregnant") | {"kind": "yes_no",
                                                                   "value": True}  # fmt: skip
    assert "no_such_fact" in explain_again(decided).refused


# Whom a change moves --------------------------------------------------------------------


def plan(decision: ScreeningDecision, user_of):
    from evenkeel.web.records.models import Course

    return Course.objects.create(
        patient=decision.patient, protocol="ketamine-iv-six", protocol_version="1",
        status="planned",
        product="racemic_iv", indication="crps", prescriber=user_of("prescriber"),
        decision=decision, dose_mg_per_kg="0.5",
    )  # fmt: skip


def look_all(at=NOW, many=25) -> int:
    turns = 1
    while reviews.look(at=at, many=many):
        turns += 1
    return turns


def test_the_same_content_is_looked_at_once_and_moves_nobody(decided, user_of):
    plan(decided, user_of)
    assert look_all() == 1
    entries = Entry.objects.count()
    assert look_all() == 1
    assert Entry.objects.count() == entries
    assert EditionReview.objects.get().from_sha256 == ""
    assert not EditionEffect.objects.exists()
    assert not Task.objects.exists()


def test_a_changed_edition_lists_who_is_moved_and_gives_the_owner_a_task(
    decided, user_of, ship, client_as
):
    course = plan(decided, user_of)
    other = make_patient(
        user_of("coordinator"), "o3", name=[{"family": "Untouched", "given": ["Una"]}],
        identifier=[{"system": "urn:example", "value": "77"}],
    )  # fmt: skip
    look_all()
    new = ship(other_content())
    assert look_all(at=NOW + timedelta(days=1)) == 1
    (effect,) = EditionEffect.objects.all()
    assert (effect.patient, effect.pack) == (decided.patient, PAIN)
    assert (effect.before, effect.after) == ("yes", "judge")
    assert [each["after"] for each in effect.criteria] == ["not_met"]
    review = EditionReview.objects.latest("pk")
    assert (review.looked_at, review.to_sha256) == (2, new.sha256)
    (task,) = Task.objects.all()
    assert (task.owner, task.course) == (course.prescriber, course)
    assert task.due_at == NOW + timedelta(days=8)
    assert decided.patient.family not in task.title
    assert other.edition_effects.count() == 0
    look_all(at=NOW + timedelta(days=2))
    assert Task.objects.count() == 1
    with connection.cursor() as cursor:
        assert examine(cursor).whole
    page = client_as("nurse").get(reverse("clinic:guideline_changes")).content.decode()
    assert decided.patient.number in page
    assert other.number not in page


def test_a_review_goes_on_where_it_stopped_a_few_patients_at_a_time(decided, user_of, ship):
    for number in range(3):
        make_patient(
            user_of("coordinator"), f"p{number}", name=[{"family": f"Family{number}"}],
            identifier=[{"system": "urn:example", "value": f"7{number}"}],
        )  # fmt: skip
    look_all()
    ship(other_content())
    assert reviews.look(at=NOW, many=2)
    review = EditionReview.objects.latest("pk")
    assert (review.looked_at, review.finished_at) == (2, None)
    assert look_all(many=2) == 2
    review.refresh_from_db()
    assert review.looked_at == 4
    assert EditionEffect.objects.count() == 1


def test_content_that_changes_back_before_all_were_looked_at_is_compared_with_the_first(
    decided, user_of, ship
):
    first = library()
    make_patient(
        user_of("coordinator"), "p1", name=[{"family": "Later"}],
        identifier=[{"system": "urn:example", "value": "71"}],
    )  # fmt: skip
    look_all()
    ship(other_content())
    assert reviews.look(at=NOW, many=1)
    ship(first)
    look_all()
    assert "Overtaken" in EditionReview.objects.order_by("-pk")[1].refused
    last = EditionReview.objects.latest("pk")
    assert (last.from_sha256, last.to_sha256) == (first.sha256, first.sha256)
    assert not last.effects.exists()


def test_content_before_that_is_nowhere_is_said_and_nobody_is_called_unmoved(decided, ship):
    look_all()
    altered(archive=b"gone")
    ship(other_content())
    assert not reviews.look(at=NOW)
    assert "cannot be used" in EditionReview.objects.latest("pk").refused
    assert "could not all be compared" in Entry.objects.latest("seq").sentence


def test_a_house_that_never_compared_begins_with_the_content_of_its_decisions(decided, ship):
    ship(other_content())
    look_all()
    review = EditionReview.objects.get()
    assert review.from_sha256 == decided.content_sha256
    assert EditionEffect.objects.count() == 1


@cache
def _same_content() -> Library:
    return load_library(Held(dict(library().held.files)))


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from(["pregnant", "psychosis_current", "hepatic_disease",
                         "substance_use_disorder", "raised_intraocular_pressure"]),
        st.sampled_from([True, False, None]),
    )
)  # fmt: skip
def test_unchanged_content_moves_nobody_whatever_is_known(patient, user_of, facts):
    tell(patient, user_of("prescriber"), **facts)
    assert list(whom.affected(library(), _same_content(), as_of=TODAY)) == []


def test_facts_kept_and_read_back_judge_the_same(decided):
    facts = check_of(decided.patient, as_of=TODAY).facts
    back = facts_from(facts_as_json(facts), TODAY, library().dictionary)
    for name in facts:
        assert (facts[name].value, facts[name].disputed) == (back[name].value, back[name].disputed)
    assert shelf.library() is library()


# From a terminal, and by the worker -----------------------------------------------------


def affected(*arguments: str):
    return CliRunner().invoke(cli, ["guidelines", "affected", *arguments])


def test_affected_lists_who_is_moved_and_that_is_news(decided, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///held-by-the-test")
    place = tmp_path / "other.zip"
    place.write_bytes(write_archive(other_content()))
    told = affected("--from", decided.content_sha256[:10], "--to", str(place))
    assert told.exit_code == 1
    assert decided.patient.number in told.stdout
    assert "yes -> judge" in told.stdout
    assert decided.patient.family not in told.stdout
    as_json = affected("--from", "shipped", "--to", str(place), "--json")
    (row,) = json.loads(as_json.stdout)["patients"]
    assert row["patient"] == decided.patient.number
    assert row["packs"][0]["pack"] == PAIN
    nobody = affected("--from", "shipped")
    assert (nobody.exit_code, "nobody is affected" in nobody.stdout) == (0, True)
    assert affected("--from", "2001-01-01").exit_code == 2
    assert not EditionEffect.objects.exists()


def test_the_worker_compares_by_itself(decided, ship):
    jobs.compare_content(timestamp=0)
    ship(other_content())
    jobs.compare_content(timestamp=60)
    assert EditionEffect.objects.get().patient == decided.patient
