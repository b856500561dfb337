"""The page of antidepressant trials: judged side by side, added, corrected, removed."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.support.referrals import CONDITION, PATIENT, as_json, bundle

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors.trials import trial_history_of
from evenkeel.web.records.services import referrals
from evenkeel.web.records.services import trials as services

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SERTRALINE = {
    "drug": "sertraline", "dose_mg_per_day": 100, "start": "2025-01-06", "end": "2025-04-10",
    "improvement_percent": 5, "adherent": True,
}  # fmt: skip
VENLAFAXINE = {
    "drug": "venlafaxine", "dose_mg_per_day": 75, "start": "2025-05-01", "end": "2025-06-26",
    "improvement_percent": 10, "adherent": True,
}  # fmt: skip
STATEMENT = {
    "resourceType": "MedicationStatement", "id": "s1", "status": "completed",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "N06AX11",
                    "display": "mirtazapine"}]},
    "effectivePeriod": {"start": "2024-02", "end": "2024-06-30"},
    "dosage": [{"text": "30 mg at night"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def now(stand_still):
    stand_still(NOW)


@pytest.fixture
def patient(user_of) -> Patient:
    statement = STATEMENT | {"subject": CONDITION["subject"]}
    raw = as_json(bundle(CONDITION, statement, patient=PATIENT))
    receipt = referrals.receive(
        raw=raw, by=user_of("coordinator"), via=referrals.Via.UPLOAD, at=NOW
    )
    return receipt.patient


def add(patient, by, trial=SERTRALINE, **more):
    return services.add_trial(
        patient=patient, trial=trial, by=by, at=NOW, said_by="clinician", **more
    )


def form(**typed):
    return {"drug": "sertraline", "said_by": "clinician", "once": str(uuid4())} | typed


def text_of(response) -> str:
    return response.content.decode()


def page(client, patient, name="trials", *args) -> str:
    response = client.get(reverse(f"clinic:{name}", args=[patient.number, *args]))
    assert response.status_code == 200
    return text_of(response)


# -- the acts ---------------------------------------------------------------------------


def test_each_change_is_an_answer_of_its_own_and_goes_to_the_ledger_without_the_drug(
    patient, user_of
):
    nurse = user_of("nurse")
    add(patient, nurse)
    corrected = SERTRALINE | {"dose_mg_per_day": 150}
    services.correct_trial(
        patient=patient, was=services.fingerprint_of(SERTRALINE), trial=corrected, by=nurse,
        at=NOW, said_by="patient",
    )  # fmt: skip
    services.remove_trial(
        patient=patient, was=services.fingerprint_of(corrected), reason="Another person's.",
        by=nurse, at=NOW,
    )  # fmt: skip
    assert [row.value for row in FactAnswer.objects.order_by("pk")] == [
        [SERTRALINE], [corrected], [],
    ]  # fmt: skip
    entries = Entry.objects.filter(action__startswith="trial.").order_by("seq")
    assert [each.action for each in entries] == ["trial.added", "trial.corrected", "trial.removed"]
    assert not any("sertraline" in each.sentence for each in entries)
    kinds = [change.words for change in trial_history_of(patient, as_of=NOW.date()).changes]
    assert kinds == ["removed", "corrected", "added"]


def test_the_same_press_sent_twice_adds_one_trial(patient, user_of):
    nurse, key = user_of("nurse"), uuid4()
    first, second = (add(patient, nurse, once=key) for _ in range(2))
    assert first == second
    assert FactAnswer.objects.count() == 1


def test_the_same_trial_is_not_added_twice(patient, user_of):
    add(patient, user_of("nurse"))
    with pytest.raises(services.CannotChangeTrials, match="already"):
        add(patient, user_of("nurse"))


def test_whoever_looked_at_a_list_that_has_changed_since_changes_nothing(patient, user_of):
    nurse, was = user_of("nurse"), services.fingerprint_of(SERTRALINE)
    add(patient, nurse)
    change = {"patient": patient, "was": was, "by": nurse, "at": NOW, "said_by": "clinician"}
    services.correct_trial(trial=SERTRALINE | {"adherent": False}, **change)
    with pytest.raises(services.CannotChangeTrials, match="not in the list any more"):
        services.correct_trial(trial=SERTRALINE | {"dose_mg_per_day": 50}, **change)
    assert FactAnswer.objects.count() == 2


def test_a_trial_that_cannot_be_read_is_refused_and_nothing_is_kept(patient, user_of):
    with pytest.raises(services.CannotChangeTrials, match="possible is -400 to 100"):
        add(patient, user_of("nurse"), SERTRALINE | {"improvement_percent": 101})
    assert not FactAnswer.objects.exists()


def test_removing_needs_a_reason(patient, user_of):
    add(patient, user_of("nurse"))
    with pytest.raises(services.CannotChangeTrials, match="why"):
        services.remove_trial(
            patient=patient, was=services.fingerprint_of(SERTRALINE), reason=" ",
            by=user_of("nurse"), at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("role", ["pharmacist", "administrator", "researcher"])
def test_only_those_who_answer_screening_change_trials(patient, user_of, role):
    with pytest.raises(Denied):
        add(patient, user_of(role))


# -- the page -----------------------------------------------------------------------------


def test_an_empty_history_says_what_would_be_here_and_a_drug_in_the_record_is_no_trial(
    patient, client_as
):
    text = page(client_as("nurse"), patient)
    assert "No trial is known yet" in text
    assert "Seen in the record, not yet a trial" in text
    assert "30 mg at night" in text
    assert text.count("not known") >= 5


def test_where_definitions_part_the_page_names_trial_and_reason(patient, user_of, client_as):
    add(patient, user_of("nurse"))
    add(patient, user_of("nurse"), VENLAFAXINE)
    text = page(client_as("pharmacist"), patient)
    assert "Where definitions part" in text
    assert "75 mg a day is too low: 150 mg is asked" in text
    assert "Venlafaxine, 75 mg a day for 8 weeks" in text
    assert "1 to 2" in text
    assert "Dose from general knowledge: verify." in text
    assert "<svg viewBox" in text
    assert "Add a trial" in text  # with the reason why a pharmacist cannot
    assert f'href="{reverse("clinic:trial_add", args=[patient.number])}"' not in text


def test_what_is_missing_names_who_would_know(patient, user_of, client_as):
    add(patient, user_of("nurse"), {"drug": "sertraline"})
    text = page(client_as("nurse"), patient)
    assert "At which dose, in mg a day?" in text
    assert "ask the referrer or the pharmacy" in text


def test_the_stage_is_a_range_that_names_what_is_missing(patient, user_of, client_as):
    add(patient, user_of("nurse"))
    for name, value in (("current_episode_months", 25), ("electroconvulsive_therapy", False)):
        FactAnswer.objects.create(patient=patient, name=name, value=value, at=NOW,
                                  said_by="clinician", by=user_of("nurse"))  # fmt: skip
    text = page(client_as("prescriber"), patient)
    assert "Maudsley Staging Method" in text
    # over 24 months 3, severe by the record's code 4, one drug 1, augmentation not told, no ECT
    assert "Missing: augmentation." in text
    assert "8 to 9" in text


def test_a_trial_is_added_corrected_and_removed_through_the_pages(patient, client_as):
    client = client_as("nurse")
    address = reverse("clinic:trial_add", args=[patient.number])
    assert "drug-names" in text_of(client.get(address))
    done = client.post(address, form(
        dose="100", start="2025-01", end="2025-04-10", better="under_25", adherent="yes",
        augmentation="lithium", episode="current", stopped="no_effect",
    ))  # fmt: skip
    assert done.status_code == 302
    kept = FactAnswer.objects.get().value
    assert kept == [{
        "drug": "sertraline", "dose_mg_per_day": 100, "start": "2025-01", "end": "2025-04-10",
        "improvement": "under_25", "adherent": True, "augmentation": "lithium",
        "episode": "current", "stopped_because": "no_effect",
    }]  # fmt: skip
    change = reverse("clinic:trial_correct", args=[patient.number, 0])
    shown = client.get(change)
    initial = shown.context["form"].initial
    was = shown.context["was"]
    typed = {key: value for key, value in initial.items() if value not in (None, False)}
    done = client.post(change, form(**typed | {"dose": "150", "was": was}))
    assert done.status_code == 302
    latest = FactAnswer.objects.latest("pk").value
    assert latest == [kept[0] | {"dose_mg_per_day": 150}]
    text = page(client, patient)
    assert "<s>Sertraline, 100 mg a day" in text
    gone = reverse("clinic:trial_remove", args=[patient.number, 0])
    refused = client.post(gone, {"was": services.fingerprint_of(latest[0]), "reason": ""})
    assert refused.status_code == 422
    client.post(gone, {"was": services.fingerprint_of(latest[0]), "reason": "Told by mistake."})
    assert FactAnswer.objects.latest("pk").value == []
    assert "Told by mistake." in page(client, patient)


def test_doses_told_one_by_one_are_kept_and_come_back_into_the_form(patient, client_as):
    client = client_as("nurse")
    doses = {"37.5": "2025-01-06", "75": "2025-01-20", "150": "2025-02-03", "225": "2025-03-03",
             "300": "2025-04-01"}  # fmt: skip
    steps = {}
    for number, (dose, start) in enumerate(doses.items(), start=1):
        steps |= {f"step_{number}_dose": dose, f"step_{number}_start": start}
    client.post(
        reverse("clinic:trial_add", args=[patient.number]),
        form(drug="Venlafaxine XR", end="2025-06-01", **steps),
    )
    (kept,) = FactAnswer.objects.get().value
    assert [step["dose_mg_per_day"] for step in kept["doses"]] == [37.5, 75, 150, 225, 300]
    shown = client.get(reverse("clinic:trial_correct", args=[patient.number, 0])).context["form"]
    assert shown["step_5_dose"].value() == "300"


def test_a_refused_form_comes_back_with_what_was_typed(patient, client_as):
    address = reverse("clinic:trial_add", args=[patient.number])
    got = client_as("nurse").post(address, form(note="from the letter", step_2_start="yesterday"))
    assert got.status_code == 422
    text = text_of(got)
    assert 'value="from the letter"' in text
    assert 'value="yesterday"' in text
    assert '<details class="more-doses" open>' in text
    assert not FactAnswer.objects.exists()


def test_an_entry_of_the_record_fills_in_the_drug_and_its_days_and_no_dose(patient, client_as):
    client = client_as("coordinator")
    address = reverse("clinic:trial_add", args=[patient.number])
    shown = client.get(f"{address}?seen=0")
    held = shown.context["form"].initial
    assert (held["drug"], held["start"], held["end"]) == ("mirtazapine", "2024-02", "2024-06-30")
    assert "dose" not in held
    assert "30 mg at night" in text_of(shown)
    for nonsense in ("9", "x", "-1", "99999999999"):
        assert client.get(f"{address}?seen={nonsense}").status_code == 404


def test_a_place_that_is_not_there_is_not_found(patient, client_as):
    client = client_as("nurse")
    for name in ("trial_correct",):
        assert client.get(reverse(f"clinic:{name}", args=[patient.number, 3])).status_code == 404


def test_the_page_stands_on_the_dates_that_are_known(patient, user_of, client_as):
    nurse = user_of("nurse")
    for trial in (
        {"drug": "unheard-of <b>drug</b>"},
        {"drug": "fluoxetine", "start": "2024"},
        {"drug": "fluoxetine", "start": "2026-10", "end": None, "dose_mg_per_day": 20},
        {"drug": "mirtazapine", "dose_mg_per_day": 30, "start": "2026-11-24", "end": None},
        {"drug": "duloxetine", "doses": [{"dose_mg_per_day": 30, "start": "2023-01"},
                                         {"start": "2023-03"}]},
    ):  # fmt: skip
        add(patient, nurse, trial)
    text = page(client_as("nurse"), patient)
    assert "Not drawn, for want of dates: unheard-of" in text
    assert "<b>drug</b>" not in text
    assert "nan" not in text


def test_the_screening_page_leads_here(patient, client_as):
    client = client_as("nurse")
    text = page(client, patient, "screening_fact", "antidepressant_trials")
    assert reverse("clinic:trials", args=[patient.number]) in text
