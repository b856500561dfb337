"""What a model expects, on the pages: off until an administrator says so, and never an answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test.utils import CaptureQueriesContext
from tests.support.day import NOW, answer_safeguards, new_id, to_check, to_dose, to_gate
from tests.support.day import make_day as bare_day
from tests.support.people import make_user

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import permissions
from evenkeel.web.records.models import ModelAnswer, SiteSwitch, TreatmentEvent
from evenkeel.web.records.selectors import expected, flowsheet, timeline
from evenkeel.web.records.selectors import site as stands
from evenkeel.web.records.selectors.worked_out import curves
from evenkeel.web.records.services import readings, site, under_way

pytestmark = pytest.mark.django_db
WAIT = 60.0  # a first band compiles its kernels; nothing here is timed
NAME = SiteSwitch.Name.EXPECTED


def make_day(product: str = "racemic_iv", **more):
    day = bare_day(product, **more)
    answer_safeguards(day)
    return day


@pytest.fixture
def switched_on():
    return turn(True)


def turn(on: bool, **more):
    administrator = make_user("administrator")
    return site.turn(
        name=NAME, on=on, reason="For teaching, as the team asked", by=administrator, at=NOW, **more
    )


def shown_of(day, at=None):
    at = at or day.now + timedelta(minutes=20)
    state = timeline.state_of(day.treatment, at)
    return expected.of_treatment(day.treatment, state, at, wait_s=WAIT)


def say(day, choice: str = "neither"):
    return site.answer_for_model(
        patient=day.patient, question="asian_japanese", choice=choice, by=day.nurse, at=day.now
    )


def weigh(day, kg: str = "76"):
    """A weight of the treatment day, for a product whose gate asks for none."""
    TreatmentEvent.objects.create(
        treatment=day.treatment, kind="answered", at=day.now, by=day.nurse,
        data={"condition": "weight", "values": {"kg": kg}},
    )  # fmt: skip


# -- the switch ------------------------------------------------------------------


def test_it_is_off_until_somebody_turns_it_on_and_the_latest_turn_holds():
    assert not stands.is_on(NAME)
    turn(True)
    assert stands.is_on(NAME)
    turn(False)
    assert not stands.is_on(NAME)
    assert [each.on for each in stands.turns(NAME)] == [False, True]


def test_a_turn_goes_to_the_ledger_with_its_reason():
    row = turn(True)
    entry = Entry.objects.get(action="site.switched_on")
    assert entry.reason == row.reason
    assert entry.data["switch"] == NAME
    turn(False)
    assert Entry.objects.filter(action="site.switched_off").count() == 1


def test_only_an_administrator_turns_it_and_only_with_a_reason():
    with pytest.raises(permissions.Denied):
        site.turn(name=NAME, on=True, reason="why", by=make_user("prescriber"), at=NOW)
    with pytest.raises(site.CannotTurn, match="reason"):
        site.turn(name=NAME, on=True, reason="  ", by=make_user("administrator"), at=NOW)
    with pytest.raises(site.CannotTurn, match="off already"):
        site.turn(name=NAME, on=False, reason="why", by=make_user("administrator"), at=NOW)
    assert not SiteSwitch.objects.exists()


def test_a_resent_turn_turns_once():
    administrator, key = make_user("administrator"), new_id()
    for _ in range(2):
        site.turn(name=NAME, on=True, reason="why", by=administrator, at=NOW, once=key)
    assert SiteSwitch.objects.count() == 1
    assert Entry.objects.filter(action="site.switched_on").count() == 1


def test_the_page_turns_it_and_says_who_did(client_as):
    client = client_as("administrator")
    assert "never turned on" in client.get("/house/site/").content.decode()
    assert client.post("/house/site/", {"turn": "on", "reason": ""}).status_code == 422
    assert not stands.is_on(NAME)
    assert client.post("/house/site/", {"turn": "on", "reason": "Teaching"}).status_code == 302
    page = client.get("/house/site/").content.decode()
    assert "Teaching" in page
    assert "Turn off" in page
    assert "subcutaneous" in page  # what no model serves is said where it is turned on


# -- off: nothing is worked out, nothing is shown -----------------------------------


def test_with_the_switch_off_nothing_is_worked_out_or_shown(client_as, monkeypatch):
    def never(*_, **__):
        raise AssertionError("something was asked of a model")

    monkeypatch.setattr(curves, "get", never)
    day = make_day()
    to_dose(day)
    assert shown_of(day) is None
    assert expected.of_course(day.course, day.now) is None
    assert "expected" not in flowsheet.document_of(day.treatment, day.now)
    client = client_as(day.nurse)
    for address in (
        f"/treatments/{day.treatment.pk}/live/", f"/treatments/{day.treatment.pk}/sheet/",
        f"/treatments/{day.treatment.pk}/live/parts/", f"/courses/{day.course.pk}/",
        f"/treatments/{day.treatment.pk}/flowsheet.json", "/floor/",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        words = answer.content.decode().lower()
        assert "expected concentration" not in words, address
        assert "by a model" not in words, address
    off = client.get(f"/courses/{day.course.pk}/expected/").content.decode()
    assert "off at this site" in off
    posted = client.post(
        f"/patients/{day.patient.number}/model-answer/",
        {"question": "asian_japanese", "choice": "neither"},
    )
    assert posted.status_code == 404
    assert not ModelAnswer.objects.exists()


# -- on ------------------------------------------------------------------------------


def test_an_infusion_that_runs_is_drawn_from_what_was_given(switched_on):
    day = make_day()
    to_dose(day)
    shown = shown_of(day)
    assert shown.state == "drawn"
    assert shown.started_at == day.now + timedelta(minutes=5)
    assert shown.expected.curve.low is None
    document = flowsheet.document_of(day.treatment, day.now + timedelta(minutes=20), wait_s=WAIT)
    assert not document["expected"]["waiting"]
    assert document["expected"]["points"][0]["at"] == shown.started_at.isoformat()


def test_a_stopped_dose_is_another_line_than_the_plan(switched_on):
    day = make_day()
    to_dose(day)
    before = max(shown_of(day).expected.curve.line)
    at = day.now + timedelta(minutes=25)
    under_way.end_dose(
        treatment=day.treatment, given_mg=None, reason="pressure", by=day.nurse, at=at, now=at,
        client=new_id(),
    )  # fmt: skip
    after = max(shown_of(day, at + timedelta(minutes=5)).expected.curve.line)
    # Half the dose in half the time: lower than the whole, and more than half of its peak.
    assert before / 2 < after < before


def test_a_spray_asks_for_what_no_chart_holds_and_then_has_its_band(switched_on, client_as):
    day = make_day("esketamine_nasal")
    to_dose(day)
    weigh(day)
    shown = shown_of(day)
    assert shown.state == "missing"
    assert shown.expected.curve is None
    client = client_as(day.nurse)
    page = client.get(f"/courses/{day.course.pk}/expected/").content.decode()
    assert "Asian, not Japanese" in page
    answer = client.post(
        f"/patients/{day.patient.number}/model-answer/",
        {"question": "asian_japanese", "choice": "asian", "course": str(day.course.pk)},
    )
    assert answer["Location"] == f"/courses/{day.course.pk}/"
    shown = shown_of(day)
    assert shown.state == "drawn"
    assert shown.expected.curve.low is not None
    say(day, "")
    assert shown_of(day).state == "missing"


def test_an_answer_for_a_model_is_in_the_ledger_without_what_was_said(switched_on):
    say(make_day(), "asian")
    entry = Entry.objects.get(action="model.answered")
    assert "sian" not in entry.sentence
    assert entry.data["question"] == "asian_japanese"
    assert "choice" not in entry.data


def test_an_answer_that_is_none_is_refused(switched_on, client_as):
    day = make_day()
    answer = client_as(day.nurse).post(
        f"/patients/{day.patient.number}/model-answer/",
        {"question": "asian_japanese", "choice": "perhaps"},
    )
    assert answer.status_code == 404
    assert not ModelAnswer.objects.exists()


@pytest.mark.parametrize(
    ("birth", "state", "says"),
    [
        ("1981", "missing", "age is not known"),
        ("", "missing", "age is not known"),
        ("2012-05-05", "outside", "outside this model"),
    ],
)
def test_an_unknown_or_a_young_age_draws_nothing(switched_on, birth, state, says):
    day = make_day(birth=birth)
    to_gate(day)
    shown = shown_of(day)
    assert shown.state == state
    assert says in shown.reasons[0]
    assert shown.expected.curve is None


def test_a_weight_of_yesterday_serves_a_plan_and_one_of_last_year_does_not(switched_on):
    day = make_day()
    to_gate(day)
    assert expected.of_course(day.course, day.now + timedelta(days=1), wait_s=WAIT).state == "drawn"
    late = expected.of_course(day.course, day.now + timedelta(days=91), wait_s=WAIT)
    assert late.state == "no_dose"
    assert "weight" in late.reasons[0]


def test_before_two_people_agreed_no_page_tells_the_dose_in_mg(switched_on, client_as):
    """It would be the answer that each of them must work out alone."""
    day = make_day()
    to_gate(day)
    shown = shown_of(day)
    assert shown.dose_words == "0.5 mg/kg over 40 min planned"
    client = client_as(day.nurse)
    for address in (f"/courses/{day.course.pk}/expected/", f"/treatments/{day.treatment.pk}/live/"):
        assert "38 mg" not in client.get(address).content.decode(), address
    again = make_day()
    to_check(again)
    assert "38 mg" in shown_of(again).dose_words


def test_a_line_that_is_not_ready_holds_nothing_up(switched_on, client_as, monkeypatch):
    """The page, the parts and an act answer while a curve is still being worked out."""
    monkeypatch.setattr(curves, "get", lambda *_, **__: None)
    day = make_day()
    to_dose(day)
    client = client_as(day.nurse)
    told = client.get(f"/treatments/{day.treatment.pk}/flowsheet.json").json()
    assert told["expected"]["waiting"]
    assert "being worked out" in told["figure"]
    assert (
        "data-again" in client.get(f"/treatments/{day.treatment.pk}/live/parts/").content.decode()
    )
    now = day.now + timedelta(minutes=10)
    readings.record_by_hand(
        treatment=day.treatment, values={"spo2": Decimal(97)}, at=now, now=now, by=day.nurse,
        client=new_id(),
    )  # fmt: skip


def test_the_same_doses_are_worked_out_once_whoever_looks_on(switched_on, monkeypatch):
    from evenkeel.web.records.selectors import worked_out

    made = []
    work_out = worked_out._work_out
    monkeypatch.setattr(
        worked_out, "_work_out", lambda asked: made.append(asked) or work_out(asked)
    )
    day = make_day(birth="1977-07-07")  # a person whom no other test has drawn
    to_dose(day)
    for minute in range(6, 40, 3):
        assert shown_of(day, day.now + timedelta(minutes=minute)).state == "drawn"
    assert len(made) == 1


def test_a_model_that_breaks_breaks_no_page(switched_on, client_as, monkeypatch):
    from evenkeel.core.pharmacology.shown import expected as core

    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(core, "work_out", broken)
    day = make_day(birth="1978-08-08")
    to_dose(day)
    assert shown_of(day).reasons == ("It could not be worked out; the log says why.",)
    assert client_as(day.nurse).get(f"/treatments/{day.treatment.pk}/live/").status_code == 200


def test_a_look_at_a_known_line_costs_three_questions_of_the_database(
    switched_on, django_assert_max_num_queries
):
    day = make_day()
    to_dose(day)
    at = day.now + timedelta(minutes=20)
    state = timeline.state_of(day.treatment, at)
    shown_of(day, at)
    with django_assert_max_num_queries(3):
        expected.of_treatment(day.treatment, state, at)


# -- it is never taken for a measurement ------------------------------------------------


def test_the_drawing_and_the_panel_say_what_it_is(switched_on, client_as):
    day = make_day()
    to_dose(day)
    shown_of(day, day.now + timedelta(minutes=5))
    client = client_as(day.nurse)
    page = client.get(f"/treatments/{day.treatment.pk}/sheet/").content.decode()
    for words in (
        "model, not measured", "expected by a model, not measured", "Kamp J et al.",
        "Confidence medium", "No band: how much people differ was not published",
        "Not for choosing, holding or changing a dose", "may draw too high",
    ):  # fmt: skip
        assert words in page, words


def test_the_table_of_what_was_written_down_holds_nothing_of_a_model(switched_on):
    from evenkeel.web.ui.sheet_table import moments

    day = make_day()
    to_dose(day)
    at = day.now + timedelta(minutes=20)
    document = flowsheet.document_of(day.treatment, at, wait_s=WAIT)
    without = {name: value for name, value in document.items() if name != "expected"}
    assert document["expected"]["points"]
    assert moments(document) == moments(without)


def test_the_wall_and_the_floor_show_nothing_of_it(switched_on, client_as):
    day = make_day()
    to_dose(day)
    shown_of(day)
    client = client_as(day.nurse)
    for address in ("/floor/", "/floor/wall/"):
        words = client.get(address, follow=True).content.decode().lower()
        assert "expected concentration" not in words
        assert "by a model" not in words


def test_queries_stay_the_same_for_acts(switched_on, django_assert_max_num_queries):
    """No act of charting asks for a curve: the services do not know that there are any."""
    from django.db import connection

    day = make_day()
    to_dose(day)
    at = day.now + timedelta(minutes=10)
    with CaptureQueriesContext(connection) as asked:
        readings.record_by_hand(
            treatment=day.treatment, values={"spo2": Decimal(97)}, at=at, now=at, by=day.nurse,
            client=new_id(),
        )  # fmt: skip
    assert not any("siteswitch" in each["sql"] or "modelanswer" in each["sql"] for each in asked)
