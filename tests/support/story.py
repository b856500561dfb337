"""What the whole story needs around it: a house, a referral, a monitor's voice."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from tests.support.people import make_user
from tests.support.servers import READY_SECONDS

ZONE = ZoneInfo("America/New_York")
MONITOR = "00059AFFFE000777"
PASSWORD = secrets.token_urlsafe(16)  # of the people who sign on somebody else's tablet


def next_monday_at_eight(now: datetime) -> datetime:
    """The Monday after ``now``, 08:00 on the clinic's clock."""
    local = now.astimezone(ZONE)
    day = local.date() + timedelta(days=7 - local.weekday())
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)


def open_house(monday: datetime) -> SimpleNamespace:
    """Two chairs, a monitor, staff on shift for ten weeks, nothing in the safe yet."""
    from evenkeel.web.records.models import Chair, Device, Shift

    chairs = [Chair.objects.create(number=n, name=f"Chair {n}") for n in (1, 2)]
    Device.objects.create(identifier=MONITOR, name="Monitor 777", chair=chairs[0])
    names = {
        "coordinator": ("coordinator", "Ines", "Kladd"),
        "nurse": ("nurse", "Ada", "Draftley"),
        "second": ("nurse", "Ruth", "Proofe"),
        "prescriber": ("prescriber", "Sol", "Mockridge"),
        "pharmacist": ("pharmacist", "Petra", "Placeholt"),
        "administrator": ("administrator", "Paul", "Quillon"),
    }
    people = {}
    for key, (role, first, last) in names.items():
        user = make_user(role, first_name=first, last_name=last)
        user.password = make_password(PASSWORD, hasher="argon2")
        user.save(update_fields=["password"])
        people[key] = user
    for week in range(10):
        for weekday in range(5):
            start = monday + timedelta(days=7 * week + weekday)
            for key in ("nurse", "second", "prescriber"):
                Shift.objects.create(
                    user=people[key], period=(start, start + timedelta(hours=9)), capacity=3
                )
    return SimpleNamespace(chairs=chairs, **people)


def referral(now: datetime) -> bytes:
    """A hospital's FHIR bundle about Nora Exampleby, written for this test."""
    day = now.astimezone(ZONE).date()

    def days_ago(days: int) -> str:
        return str(day - timedelta(days=days))

    def coded(system: str, code: str, display: str) -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code, "display": display}], "text": display}

    snomed = "http://snomed.info/sct"
    loinc = "http://loinc.org"
    patient = {"reference": "urn:uuid:5f3c1f0e-0000-4000-8000-000000000001"}
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    checked = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": "nora",
            "identifier": [{"system": "urn:example:hospital", "value": "H-20260177"}],
            "name": [{"family": "Exampleby", "given": ["Nora"]}],
            "gender": "female",
            "birthDate": "1961-02-03",
            "telecom": [{"system": "email", "value": "nora@example.invalid"}],
        },
        {
            "resourceType": "Condition",
            "id": "depression",
            "clinicalStatus": coded(status, "active", "Active"),
            "verificationStatus": coded(checked, "confirmed", "Confirmed"),
            "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "F33.2", "Recurrent depression"),
            "subject": patient,
            "onsetDateTime": days_ago(420),
        },
        {
            "resourceType": "MedicationRequest",
            "id": "sertraline",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": coded(
                "http://www.nlm.nih.gov/research/umls/rxnorm", "36437", "sertraline"
            ),
            "subject": patient,
            "authoredOn": days_ago(200),
        },
        {
            "resourceType": "Observation",
            "id": "weight",
            "status": "final",
            "code": coded(loinc, "29463-7", "Body weight"),
            "subject": patient,
            "effectiveDateTime": days_ago(3),
            "valueQuantity": {
                "value": 76,
                "unit": "kg",
                "system": "http://unitsofmeasure.org",
                "code": "kg",
            },
        },
        {
            "resourceType": "Observation",
            "id": "allergy-note",
            "status": "final",
            "code": coded(snomed, "999000999", "A code of the hospital's own"),
            "subject": patient,
            "valueString": "kept, and read by nobody",
        },
        {"resourceType": "CarePlanOfTomorrow", "id": "unknown", "subject": patient},
    ]
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"urn:uuid:5f3c1f0e-0000-4000-8000-{n:012d}",
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for n, resource in enumerate(resources, start=1)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


class Monitor:
    """A bedside monitor on a real socket; ``say`` gives back the acknowledgement code."""

    def __init__(self, port: int, now: Callable[[], datetime], person: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=READY_SECONDS)
        self._now, self._person, self._count = now, person, 0

    def say(self, **signs: int) -> str:
        """Heart rate as ``hr``, ``spo2``, ``rr``; a cuff pressure as ``sys`` and ``dia``."""
        self._count += 1
        at = f"{self._now():%Y%m%d%H%M%S}+0000"
        codes = {
            "hr": ("147842^MDC_ECG_HEART_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
            "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "262688^MDC_DIM_PERCENT^MDC"),
            "rr": ("151578^MDC_TTHOR_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
            "sys": ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "266016^MDC_DIM_MMHG^MDC"),
            "dia": ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "266016^MDC_DIM_MMHG^MDC"),
        }
        identity = f"{MONITOR}^^{MONITOR}^EUI-64"
        lines = [
            f"MSH|^~\\&|BEDSIDE^{MONITOR}^EUI-64|WARD|EVENKEEL|CLINIC|{at}||ORU^R01^ORU_R01|"
            f"STORY{self._count:04d}|P|2.6|||NE|AL||UNICODE UTF-8",
            f"PID|||{self._person}^^^Evenkeel^PI||Exampleby^Nora",
            "PV1||O|CHAIR^1",
            f"OBR|1|||182777000^monitoring of patient^SCT|||{at}",
        ]
        for n, (name, value) in enumerate(signs.items(), start=1):
            code, unit = codes[name]
            lines.append(
                f"OBX|{n}|NM|{code}|1.{n}.1.1|{value}|{unit}|||||R|||{at}|||"
                f"AMEAS^auto-measurement^MDC|{identity}"
            )
        self._socket.sendall(b"\x0b" + "\r".join(lines).encode() + b"\r\x1c\r")
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the gateway hung up")
            answer += part
        acknowledged = next(line for line in answer.decode().split("\r") if line.startswith("MSA|"))
        return acknowledged.split("|")[1]

    def close(self) -> None:
        self._socket.close()
