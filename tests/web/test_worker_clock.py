"""What the worker does each minute, with the rights that it has in a clinic."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from tests.support.people import make_user

from evenkeel.web.records import jobs
from evenkeel.web.records.models import Patient
from evenkeel.web.records.services import questionnaires, tasks


def test_the_clock_of_the_worker_runs_with_the_rights_of_the_application(
    as_application, django_db_blocker
):
    with django_db_blocker.unblock():
        nurse = make_user("nurse")
        patient = Patient.objects.create(family="Test", email="t@example.invalid")
        now = timezone.now()
        planned = questionnaires.send(
            patient=patient,
            instrument="phq9",
            by=nurse,
            at=now - timedelta(days=1),
            due_at=now - timedelta(minutes=1),
        )
        with transaction.atomic():
            late = tasks.open_task(
                kind="safety", title="Call", due_at=now, at=now, patient=patient, owner=nurse
            )
        jobs.each_minute(timestamp=0)
        planned.refresh_from_db()
        late.refresh_from_db()
        assert planned.status == "sent"
        assert late.escalated_at is not None
