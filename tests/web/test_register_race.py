"""Two nurses reach for the same vial at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.support.day import make_day, new_id, signature, to_gate
from tests.support.servers import READY_SECONDS

from evenkeel.core.kernel.verdicts import yes
from evenkeel.web.records.models import RegisterEntry
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.services import checking, giving, register, treatments

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_vial_is_drawn_once_and_the_other_hand_is_told(monkeypatch) -> None:
    from decimal import Decimal

    monkeypatch.setattr(timeline, "_safeguards", lambda *_: yes("none"))
    days = [make_day(), make_day()]
    vial = days[0].boxes[0]
    for day in days:
        at = day.now + timedelta(minutes=1)
        to_gate(day)
        treatments.pass_gate(treatment=day.treatment, by=day.nurse, at=at, client=new_id())
        checking.first_check(treatment=day.treatment, container_ids=[vial.pk], by=day.nurse, at=at)
        checking.second_check(
            treatment=day.treatment, signature=signature(day.second, at), at=at,
            answers={"dose": Decimal(38), "volume": Decimal("3.8"), "rate": Decimal(57)},
        )  # fmt: skip
    together = threading.Barrier(2)
    told: list[str] = []

    def reach(day) -> None:
        try:
            together.wait(timeout=READY_SECONDS)
            giving.start_dose(
                treatment=day.treatment, by=day.nurse, at=day.now + timedelta(minutes=2),
                client=new_id(),
            )  # fmt: skip
            told.append("started")
        except register.DoesNotAddUp as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    hands = [threading.Thread(target=reach, args=(day,)) for day in days]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(timeout=READY_SECONDS)
    assert sorted(words == "started" for words in told) == [False, True], told
    assert any("not in the safe any more" in words for words in told)
    assert RegisterEntry.objects.filter(container=vial, kind="drawn").count() == 1
    begun = [timeline.state_of(d.treatment, d.now + timedelta(minutes=3)).dose for d in days]
    assert sum(dose is not None for dose in begun) == 1
