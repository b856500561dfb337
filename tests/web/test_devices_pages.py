"""The list of messages that need a look, one message as it came, and registering."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from tests.support.floor import MONITOR, Floor
from tests.unit.hl7.samples import ZONE, raw

from evenkeel.edges.hl7.intake import read
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import Device, DeviceMessage
from evenkeel.web.records.services.device_messages import take_in

pytestmark = pytest.mark.django_db


def send(content: bytes) -> DeviceMessage:
    arrived = read(content, received_at=datetime.now(UTC), peer="10.0.0.7", clinic_zone=ZONE)
    take_in([arrived.arrived])
    return DeviceMessage.objects.latest("id")


def fresh(content: bytes) -> bytes:
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S").encode()
    return content.replace(b"20261124101500.000-0500", now + b"+0000")


def test_what_needs_a_look_is_listed_and_the_rest_on_request(client_as) -> None:
    floor = Floor()
    floor.monitor()
    floor.treat()
    send(raw("ADT-A01-02"))
    send(fresh(raw("01-signs")).replace(b"EK-000158", b"EK-000999"))
    send(fresh(raw("01-signs")))
    client = client_as("nurse")
    page = client.get("/devices/").content.decode()
    assert "ADT is not taken at this door" in page
    assert "names another person than the one on Chair 2" in page
    assert page.count('visually-hidden"> message') == 2
    assert client.get("/devices/?show=all").content.decode().count("> message") == 3
    assert "No message needs a look here" in client.get("/devices/?show=unmatched").content.decode()
    assert client.get("/devices/?show=nonsense&days=x&monitor=-1&page=y").status_code == 200


def test_an_empty_list_says_what_would_be_there(client_as) -> None:
    assert "No message needs a look here" in client_as("nurse").get("/devices/").content.decode()


def test_a_message_is_shown_as_it_came_and_the_look_is_written_down(client_as) -> None:
    floor = Floor()
    floor.monitor()
    treatment = floor.treat()
    message = send(fresh(raw("01-signs")))
    page = client_as("nurse").get(f"/devices/messages/{message.pk}/").content.decode()
    assert "PID|||EK-000158^^^Evenkeel^PI||Exampleby^Nora" in page
    assert "147842^MDC_ECG_HEART_RATE^MDC" in page
    assert Entry.objects.filter(
        action="patient.looked_at", patient_id=treatment.patient_id
    ).exists()
    assert client_as("nurse").get("/devices/messages/999999/").status_code == 404


def test_a_role_without_records_sees_no_person_in_it(client_as) -> None:
    message = send(fresh(raw("01-signs")))
    page = client_as("administrator").get(f"/devices/messages/{message.pk}/").content.decode()
    assert "Exampleby" not in page
    assert "EK-000158" not in page
    assert "147842^MDC_ECG_HEART_RATE^MDC" in page


def test_text_of_a_message_is_never_markup(client_as) -> None:
    message = send(raw("01-signs").replace(b"Exampleby", b"<script>x</script>"))
    page = client_as("nurse").get(f"/devices/messages/{message.pk}/").content.decode()
    assert "<script>x" not in page


def test_an_administrator_registers_a_monitor_once(client_as) -> None:
    send(raw("01-signs"))
    client = client_as("administrator")
    assert "device 00059AFFFE000158 is not registered" in client.get("/devices/").content.decode()
    chair = Floor().chair(2)
    form = {"identifier": MONITOR, "name": "Monitor 2", "chair": chair.pk, "once": uuid.uuid4()}
    assert client.post("/devices/register/", form).status_code == 302
    assert client.post("/devices/register/", form).status_code == 302
    assert Device.objects.get().chair == chair
    assert Entry.objects.get(action="device.registered").sentence.endswith(
        "registered the monitor Monitor 2, at Chair 2."
    )
    again = client.post("/devices/register/", {**form, "name": "Other", "once": uuid.uuid4()})
    assert again.status_code == 422
    assert "registered already, as Monitor 2" in again.content.decode()
    assert 'value="Other"' in again.content.decode()


def test_others_may_not(client_as) -> None:
    assert client_as("nurse").get("/devices/register/").status_code == 403
    assert client_as("researcher").get("/devices/").status_code == 403
