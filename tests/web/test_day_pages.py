"""The day's pages answer, keep what was typed, and refuse with words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.support.day import NOW, answer_safeguards, make_day, new_id, to_dose, to_gate

from evenkeel.core.kernel.verdicts import yes
from evenkeel.web.records.models import DoseCheck, RegisterEntry, Shift, TreatmentEvent
from evenkeel.web.records.selectors import timeline

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough word 77"


@pytest.fixture(autouse=True)
def now(stand_still):
    """Early in the afternoon; after midnight the day of these records would be yesterday."""
    stand_still(NOW)


@pytest.fixture(autouse=True)
def safeguards(monkeypatch):
    monkeypatch.setattr(timeline, "_safeguards", lambda *_: yes("none stands in the way"))


@pytest.fixture
def day():
    made = make_day(now=timezone.now() - timedelta(minutes=10))
    for user in (made.nurse, made.second, made.prescriber):
        user.set_password(PASSWORD)
        user.save()
    return made


def url(name, day, *more):
    return reverse(f"clinic:{name}", args=[day.treatment.pk, *more])


def test_the_day_lists_and_checks_in(client_as, day) -> None:
    client = client_as(day.nurse)
    page = client.get(reverse("clinic:day"))
    assert b"EXAMPLE, Nora" in page.content
    once = new_id()
    for _ in range(2):
        answer = client.post(url("check-in", day), {"once": once})
        assert answer.headers["Location"] == url("gate", day)
    assert TreatmentEvent.objects.filter(treatment=day.treatment, kind="checked_in").count() == 1


def test_the_gate_says_not_yet_and_why_in_view(client_as, day) -> None:
    client = client_as(day.nurse)
    client.post(url("check-in", day))
    page = client.get(url("gate", day)).content.decode()
    assert "Not yet" in page
    assert "Name an escort" in page
    assert 'aria-disabled="true"' in page
    opened = client.get(url("gate", day) + "?ask=escort").content.decode()
    assert "Who takes the person home" in opened


def test_answers_are_kept_when_they_cannot_be_read(client_as, day) -> None:
    client = client_as(day.nurse)
    client.post(url("check-in", day))
    answer = client.post(
        url("gate-answer", day, "pressure"), {"systolic_bp": "12,8", "diastolic_bp": "80"}
    )
    assert answer.status_code == 422
    assert "12,8" in answer.content.decode()
    assert "Commas" in answer.content.decode()
    swapped = client.post(
        url("gate-answer", day, "pressure"), {"systolic_bp": "80", "diastolic_bp": "128"}
    )
    assert swapped.status_code == 422
    assert "swapped" in swapped.content.decode()


def test_the_way_from_the_gate_to_the_live_screen(client_as, day) -> None:
    client = client_as(day.nurse)
    client.post(url("check-in", day))
    for condition, fields in {
        "escort": {"name": "Jo Example, sister"},
        "fasting": {"food_at": "06:30", "drink_at": "06:30"},
        "suicidality": {"answer": "none"},
        "oximeter": {"answer": "checked"},
        "pressure": {"systolic_bp": "128", "diastolic_bp": "80", "heart_rate": "72"},
        "weight": {"kg": "76", "back": "dose"},
    }.items():
        answer = client.post(url("gate-answer", day, condition), {**fields, "once": new_id()})
        assert answer.status_code == 302, answer.content.decode()[:3000]
    # Whatever the hour of this run, the food was long enough ago by the clock of the gate.
    gate = timeline.gate_of(day.treatment, timeline.state_of(day.treatment, timezone.now()))
    fasting = next(c for c in gate.conditions if c.key == "fasting")
    if not fasting.standing.lets_through:
        long_ago = (timezone.now() - timedelta(hours=9)).astimezone(timeline.zone())
        said = {"food_at": f"{long_ago:%H:%M}", "drink_at": f"{long_ago:%H:%M}"}
        client.post(url("gate-answer", day, "fasting"), {**said, "once": new_id()})
    assert "<h1>Go</h1>" in client.get(url("gate", day)).content.decode()
    assert client.post(url("gate-go", day), {"once": new_id()}).status_code == 302
    before = client.get(url("dose", day)).content.decode()
    assert "actual weight, over 40 min" in before  # the first person works from the order too
    client.post(url("dose-first", day), {"container": [day.boxes[0].pk]})
    sealed = client.get(url("dose", day)).content.decode()
    assert "Sealed" in sealed
    assert "57" not in sealed.split("Second check, on your own")[0].split("<main")[1]
    typed = {
        "dose": "38", "volume": "3.8", "rate": "5.7", "wristband": "on", "label": "on",
        "signer": day.second.pk, "password": PASSWORD,
    }  # fmt: skip
    forgotten = client.post(url("dose-second", day), {**typed, "rate": ""})
    assert forgotten.status_code == 422
    assert not DoseCheck.objects.filter(turn="second").exists()  # it cost none of the two tries
    wrong = client.post(url("dose-second", day), typed)
    assert wrong.status_code == 422
    words = wrong.content.decode()
    assert "The rate did not agree" in words
    assert "57 " not in words.split('role="alert"')[1].split("</div>")[0]
    assert client.post(url("dose-second", day), {**typed, "rate": "57"}).status_code == 302
    start = client.post(url("dose-start", day), {"once": new_id()})
    assert start.headers["Location"] == url("live", day)
    live = client.get(url("live", day)).content.decode()
    assert "Infusion running" in live
    assert RegisterEntry.objects.filter(treatment=day.treatment, kind="drawn").count() == 1


def test_an_override_is_signed_by_a_prescriber_on_the_nurses_tablet(client_as, day) -> None:
    to_gate(day, pressure=(150, 92))
    client = client_as(day.nurse)
    page = client.get(url("gate", day) + "?judge=pressure").content.decode()
    assert "prescriber only" in page
    form = {"reason": "Anxious on arrival, 128/82 at home.", "signer": day.prescriber.pk}
    wrong = client.post(url("gate-override", day, "pressure"), {**form, "password": "guess"})
    assert wrong.status_code == 422
    assert "Anxious on arrival" in wrong.content.decode()
    right = client.post(url("gate-override", day, "pressure"), {**form, "password": PASSWORD})
    assert right.status_code == 302
    assert "by override" in client.get(url("gate", day)).content.decode()


def act(client, day, **fields):
    fields.setdefault("once", new_id())
    return client.post(url("treatment-act", day), fields, headers={"Accept": "application/json"})


def test_acts_answer_in_json_and_refuse_with_422(client_as, day) -> None:
    to_dose(day)
    client = client_as(day.nurse)
    saved = act(client, day, kind="level_tapped", sedation="4")
    assert saved.status_code == 200
    assert saved.json()["undo"]
    undone = act(client, day, kind="corrected", supersedes=saved.json()["undo"], reason="undo")
    assert undone.status_code == 200
    for fields, words in (
        ({"kind": "level_tapped", "sedation": "9"}, "from 0 to 5"),
        ({"kind": "rate_changed", "rate": "5,7"}, "Commas"),
        ({"kind": "resumed"}, "running"),
        ({"kind": "left"}, "Not before"),
        ({"kind": "danced"}, "not known"),
        ({"kind": "reading", "systolic_bp": "130"}, "both numbers"),
        ({"kind": "level_tapped", "sedation": "4", "at": "yesterday"}, "cannot be read"),
    ):
        refused = act(client, day, **fields)
        assert refused.status_code == 422, fields
        assert words in refused.json()["what"]


def test_a_reading_by_hand_shows_on_every_screen(client_as, day) -> None:
    to_dose(day)
    client = client_as(day.nurse)
    assert act(client, day, kind="reading", systolic_bp="131", diastolic_bp="82").status_code == 200
    assert "131/82" in client.get(url("flowsheet-json", day)).json()["figure"]
    assert "131" in client.get(reverse("clinic:floor-parts")).content.decode()
    for page in ("live", "live-parts", "treatment-sheet"):
        assert client.get(url(page, day)).status_code == 200
    for page in ("floor", "floor-wall", "register"):
        assert client.get(reverse(f"clinic:{page}")).status_code == 200


def test_waste_and_count_are_witnessed_by_a_password(client_as, day) -> None:
    to_dose(day)
    client = client_as(day.nurse)
    assert act(client, day, kind="end", given_mg="4", reason="nausea").status_code == 200
    waste = reverse("clinic:register-waste", args=[day.boxes[0].pk])
    assert client.get(waste).status_code == 200
    typed = {"mg": "46", "signer": day.second.pk, "password": "guess", "once": new_id()}
    refused = client.post(waste, typed)
    assert refused.status_code == 422
    assert client.post(waste, {**typed, "password": PASSWORD}).status_code == 302
    assert RegisterEntry.objects.filter(kind="wasted", mg=Decimal(46)).exists()
    count = reverse("clinic:register-count")
    page = client.get(count).content.decode()
    assert "expected" not in page.split("<main")[1]
    answer = client.post(
        count,
        {"product": "racemic_iv", "counted": "4", "signer": day.second.pk, "password": PASSWORD},
    )
    assert answer.status_code == 302


def test_those_who_may_not_chart_see_no_buttons_and_are_refused(client_as, day) -> None:
    to_dose(day)
    client = client_as("coordinator")
    assert client.get(url("live", day)).status_code == 200
    assert 'name="sedation"' not in client.get(url("live", day)).content.decode()
    assert act(client, day, kind="level_tapped", sedation="4").status_code == 403
    assert client_as("patient").get(url("live", day)).status_code in {403, 404}


def test_a_spray_goes_device_by_device(client_as) -> None:
    day = make_day("esketamine_nasal", now=timezone.now() - timedelta(minutes=4))
    day.second.set_password(PASSWORD)
    day.second.save()
    to_gate(day)
    client = client_as(day.nurse)
    assert client.post(url("gate-go", day), {"once": new_id()}).status_code == 302
    chosen = [box.pk for box in day.boxes[:3]]
    too_many = client.post(url("dose-first", day), {"container": chosen})
    assert too_many.status_code == 422
    assert "choose 2 devices" in too_many.content.decode()
    client.post(url("dose-first", day), {"container": chosen[:2]})
    typed = {
        "dose": "56", "devices": "2", "wristband": "on", "label": "on",
        "signer": day.second.pk, "password": PASSWORD,
    }  # fmt: skip
    assert client.post(url("dose-second", day), typed).status_code == 302
    assert client.post(url("dose-start", day), {"once": new_id()}).status_code == 302
    live = client.get(url("live", day)).content.decode()
    assert "Device 1 of 2 given" in live
    assert "120 min from the first device" in live
    early = act(client, day, kind="device")
    assert early.status_code == 422
    assert "5 min" in early.json()["what"]
    stopped = act(client, day, kind="end", reason="vomited")
    assert stopped.status_code == 200
    assert "28 of 56 mg given" in client.get(url("flowsheet-json", day)).json()["figure"]


def test_the_floor_names_everybody_who_prescribes_here_now_always_in_one_order(
    client_as, user_of, day
) -> None:
    first = Shift.objects.get(user__role="prescriber")
    for name in ("Zander", "Aarden"):
        Shift.objects.create(user=user_of("prescriber", last_name=name), period=first.period)
    on_site = list(timeline.prescriber_shifts(timezone.now()))
    names = [shift.user.last_name for shift in on_site]
    assert names == sorted(names)
    assert len(names) == 3
    assert timeline.prescriber_shift(timezone.now()) == on_site[0]
    said = client_as(day.nurse).get(reverse("clinic:floor")).content.decode()
    places = [said.index(f"{shift.user.short_name}, since") for shift in on_site]
    assert places == sorted(places)


def test_ideal_weight_asks_for_the_height(client_as, day) -> None:
    from evenkeel.web.records.selectors import dose_checks
    from evenkeel.web.records.services import ordering

    ordering.order_dose(
        treatment=day.treatment, mg_per_kg=Decimal("0.5"), mg=None, weight_basis="ideal",
        minutes=40, limits={}, reason="", by=day.prescriber, at=day.now,
    )  # fmt: skip
    to_gate(day)
    client = client_as(day.nurse)
    refused = client.post(url("dose-first", day), {"container": [day.boxes[0].pk]})
    assert refused.status_code == 422
    assert "nobody has measured the height" in refused.content.decode()
    said = {"kg": "96", "height_cm": "177.8", "back": "dose", "once": new_id()}
    client.post(url("gate-answer", day, "weight"), said)
    assert client.post(url("dose-first", day), {"container": [day.boxes[0].pk]}).status_code == 302
    first = dose_checks.standing_of(day.treatment).first
    assert first is not None
    assert first.answers["dose"] == "36.5"  # 73 kg of Devine's formula at 70 inches


@pytest.mark.django_db
@pytest.mark.parametrize("signs", [(), ("colour",), ("pressure", "colour")])
def test_a_check_names_signs_that_the_rules_know(signs):
    from evenkeel.web.records.services import charting
    from evenkeel.web.records.services.timeline import NotNow

    day = make_day()
    answer_safeguards(day)
    to_dose(day)
    at = day.now + timedelta(minutes=10)
    with pytest.raises(NotNow, match="pressure"):
        charting.check_done(
            treatment=day.treatment, signs=signs, by=day.nurse, at=at, now=at, client=new_id()
        )
    assert not TreatmentEvent.objects.filter(kind="check_done").exists()
    charting.check_done(
        treatment=day.treatment, signs=("pressure",), by=day.nurse, at=at, now=at, client=new_id()
    )


@pytest.mark.parametrize(("ordinal", "words"), [(6, "6 of 6"), (7, "no. 7")])
def test_the_card_counts_within_the_series_only(day, ordinal, words):
    """After the series nobody knows how many there will be: "42 of 42" looked like the last."""
    from evenkeel.web.clinic.treatment_parts import card

    day.treatment.ordinal = ordinal
    assert card(day.treatment)["course"] == f"Ketamine IV, {words}"
