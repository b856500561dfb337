"""A mail server that is down loses no message: the worker tries again until it is back."""

from __future__ import annotations

import pytest
from django.utils import timezone
from tests.support.people import make_user
from tests.support.servers import READY_SECONDS, wait_until

from evenkeel.runtime.mailcatcher import MailCatcher

pytestmark = pytest.mark.faults


def test_a_message_waits_out_a_mail_server_that_is_down(
    fresh_database, django_db_blocker, mail, worker
):
    from evenkeel.web.records.models import MailMessage, Patient, Task
    from evenkeel.web.records.services import questionnaires

    with django_db_blocker.unblock():
        doctor = make_user("prescriber", email="doctor@clinic.invalid")
        mail.stop()
        nora = Patient.objects.create(
            family="Exampleby", given="Nora", email="nora@example.invalid"
        )
        request = questionnaires.send(patient=nora, instrument="phq9", by=doctor, at=timezone.now())
        questionnaires.save_answer(link_id=request.link_id, item="q9", answer=2, at=timezone.now())
        assert Task.objects.filter(patient=nora, closed_at__isnull=True).count() == 1

        def tried() -> bool:
            messages = MailMessage.objects.all()
            return len(messages) == 2 and all(one.attempts for one in messages)

        wait_until(tried, "a first try of both messages")
        assert {one.status for one in MailMessage.objects.all()} == {"queued"}
        with MailCatcher(smtp_port=mail.smtp_port) as back:
            for to in ("nora@example.invalid", "doctor@clinic.invalid"):
                assert back.wait_for(to=to, seconds=READY_SECONDS).links
            wait_until(
                lambda: not MailMessage.objects.exclude(status="sent").exists(), "both marked sent"
            )
            assert len(back.letters) == 2
        mail.start()  # the fixture stops it again
