"""What users did with cards: kept once, without a person, and counted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.support import cds
from tests.support.cds import ask, matter, sample

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import CdsCard, CdsFeedback
from evenkeel.web.records.selectors.cds import burden

pytestmark = pytest.mark.django_db
SELECT = "ketamine-order-select"
DONE = "2026-11-24T14:59:00Z"


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)


@pytest.fixture(autouse=True)
def ehr() -> Any:
    return cds.client()


def card() -> Any:
    return ask(sample("own-04")).json()["cards"][0]


def tell(*entries: Any, service: str = SELECT, **more: Any) -> Any:
    return ask({"feedback": list(entries)}, service=service, tail="/feedback", **more)


def accepted(of: Any, **changes: Any) -> dict[str, Any]:
    return {
        "card": of["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": of["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": DONE,
        **changes,
    }


def overridden(of: Any, **changes: Any) -> dict[str, Any]:
    reason = {key: of["overrideReasons"][0][key] for key in ("code", "system")}
    return {
        "card": of["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": reason, "userComment": "Nora Exampleby asked me to"},
        "outcomeTimestamp": DONE,
        **changes,
    }


def test_an_accepted_suggestion_is_kept_and_written_to_the_ledger(ehr):
    answer = tell(accepted(card()))
    assert answer.status_code == 200
    kept = CdsFeedback.objects.get()
    assert (kept.outcome, kept.client, kept.at.isoformat()) == (
        "accepted", ehr, "2026-11-24T14:59:00+00:00",
    )  # fmt: skip
    entry = Entry.objects.get(action="cds_feedback.received")
    assert entry.sentence == "Harbour hospital told what became of 1 card at orders."
    assert entry.patient_id is None


def test_a_reason_is_kept_by_its_code_and_typed_words_nowhere(caplog):
    with caplog.at_level("DEBUG"):
        assert tell(overridden(card())).status_code == 200
    kept = CdsFeedback.objects.get()
    assert (kept.outcome, kept.reason_code, kept.commented) == ("overridden", "decided", True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM records_cdsfeedback t")
        assert "Exampleby" not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(to_jsonb(t)::text, ' ') FROM ledger_entry t")
        assert "Exampleby" not in cursor.fetchone()[0]
    assert "Exampleby" not in caplog.text


def test_the_same_report_again_is_one_report_and_another_act_is_another():
    of = card()
    assert tell(overridden(of)).json() == {"kept": 1}
    assert tell(overridden(of)).json() == {"kept": 0}
    assert Entry.objects.filter(action="cds_feedback.received").count() == 1
    assert tell(overridden(of), accepted(of)).json() == {"kept": 1}
    assert CdsFeedback.objects.count() == 2


def test_a_card_of_another_client_or_service_or_nobody_is_not_found(ehr):
    of = card()
    for entry, service in (
        (accepted(of), "ketamine-order-sign"),
        (accepted(of, card="f6b95768-b1c8-40dc-8385-bf3504b82ffb"), SELECT),
        (accepted(of, acceptedSuggestions=[{"id": of["uuid"]}]), SELECT),
    ):
        answer = tell(overridden(of), entry, service=service)
        assert answer.status_code == 404
    CdsCard.objects.exclude(uuid=of["uuid"]).exists()
    other = cds.client(issuer="https://other.example")
    bearer = cds.token(
        cds.claims(cds.address(SELECT, "/feedback"), cds.TODAY, iss="https://other.example")
    )
    assert tell(overridden(of), bearer=bearer).status_code == 404
    assert CdsFeedback.objects.count() == 0, "all or none"
    assert other.feedback.count() == 0


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"card": "x"}, "feedback[0].card"),
        ({"card": None}, "feedback[0].card"),
        ({"outcome": "ignored"}, "feedback[0].outcome"),
        ({"outcomeTimestamp": "yesterday"}, "feedback[0].outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-24"}, "feedback[0].outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-25T00:00:00Z"}, "feedback[0].outcomeTimestamp"),
        ({"acceptedSuggestions": []}, "feedback[0].acceptedSuggestions"),
        ({"acceptedSuggestions": [{"id": 7}]}, "feedback[0].acceptedSuggestions"),
        ({"overrideReason": "x"}, "feedback[0].overrideReason"),
        ({"overrideReason": {"reason": {"code": "two words"}}},
         "feedback[0].overrideReason.reason.code"),
        ({"overrideReason": {"reason": {"code": "a", "system": "no address"}}},
         "feedback[0].overrideReason.reason.system"),
    ],
)  # fmt: skip
def test_a_report_that_is_wrong_is_named_at_its_place(changes, place):
    answer = tell(accepted(card(), **changes))
    assert answer.status_code == 400
    assert place in {issue["expression"][0] for issue in answer.json()["issue"]}
    assert CdsFeedback.objects.count() == 0


@pytest.mark.parametrize("start", ["spec-feedback-s", "spec-feedback-overridden-wi"])
def test_the_specifications_examples_are_read_and_their_cards_not_known(start):
    for path in cds.SAMPLES.glob(f"{start}*.json"):
        answer = ask(path.read_bytes(), service=SELECT, tail="/feedback")
        assert answer.status_code == 404, path.name
        assert answer.json()["issue"][0]["expression"] == ["feedback[0].card"]


@pytest.mark.parametrize("body", [{}, {"feedback": []}, {"feedback": {}}, [], {"feedback": [7]}])
def test_what_is_no_report_is_refused(body):
    answer = ask(json.dumps(body).encode(), service=SELECT, tail="/feedback")
    assert answer.status_code == 400


@pytest.mark.parametrize("table", ["records_cdscard", "records_cdsfeedback"])
def test_cards_and_reports_only_grow(table):
    tell(accepted(card()))
    for act in (f"DELETE FROM {table}", f"UPDATE {table} SET matter = ''"):
        if "matter" in act and table == "records_cdsfeedback":
            continue
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)


def test_the_burden_counts_cards_by_matter_and_each_card_once_for_each_outcome():
    first, second = card(), card()
    tell(overridden(first), overridden(first, outcomeTimestamp="2026-11-24T14:59:30Z"))
    tell(accepted(second))
    counted = {each.matter: each for each in burden(cds.TODAY - timedelta(days=1))}
    aneurysm = counted[matter(first)]
    assert (aneurysm.shown, aneurysm.critical) == (2, 2)
    assert (aneurysm.accepted, aneurysm.overridden, aneurysm.unanswered) == (1, 1, 0)
    assert aneurysm.overridden_percent == 50
    assert aneurysm.reasons == (("decided", 2),)
    assert "SPVUS-006" in aneurysm.criteria
    assert counted["missing"].overridden_percent is None
    assert burden(cds.TODAY + timedelta(seconds=1)) == []
