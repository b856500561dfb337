"""The body of a request, read strictly.

In: bytes and the service that was called. Out: an ``Asked``, or ``Refused`` with every
fault and its place. FHIR resources inside are only taken apart here; ``orders`` and
``record`` read them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from evenkeel.core.chart import Fault, Refused
from evenkeel.edges.cds.offered import Service
from evenkeel.edges.fhir import text
from evenkeel.edges.fhir.primitives import shown

SIZE = 5 * 1024 * 1024  # bytes; the largest published example has 12 kB
MOST_ORDERS = 200
MOST_RESOURCES = 2_000
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{0,63}/[A-Za-z0-9\-.]{1,64}\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_USERS = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?\Z")
# Types that R4 does not have any more: the sender speaks DSTU2.
_OLD_TYPES = frozenset(
    {"MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "DeviceUseRequest"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The right to read the client's FHIR server, for this request only."""

    token: str = ""

    def __repr__(self) -> str:
        return "Authorization(…)"  # never into a log


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request.

    selected: references of the orders that are asked about; None = all of them.
    prefetch: as sent, keys that were not asked for left out.
    """

    hook: str
    hook_instance: UUID
    patient_id: str
    orders: tuple[dict[str, Any], ...]
    selected: tuple[str, ...] | None
    prefetch: dict[str, Any]
    fhir_server: str
    authorization: Authorization | None


class _Faults:
    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, path: str, words: str, code: str = "value") -> None:
        self.found.append(Fault(code=code, path=path, words=words))

    def stop_if_any(self) -> None:
        if self.found:
            raise Refused(tuple(self.found[:50]), unreadable=True)


def read(raw: bytes, service: Service) -> Asked:
    """What is asked.

    Raises:
        Refused: with every fault that was found, each with its place.
    """
    if not raw.strip():
        _stop("", "The body is empty. Send a CDS Hooks request as JSON.")
    told = text.read(raw)
    if not isinstance(told, dict):
        _stop("", f"The body holds {shown(told)}; a CDS Hooks request is an object.")
    faults = _Faults()
    _sound(told, "", faults)
    hook = _hook(told, service, faults)
    instance = _instance(told, faults)
    server, authorization = _server(told, faults)
    context = told.get("context")
    if not isinstance(context, dict):
        faults.add("context", "is required: an object with what the hook says.", "required")
        context = {}
    patient_id = _person(context, faults)
    orders = _orders(context, faults) if service.hook != "patient-view" else ()
    selected = _selections(context, orders, faults) if service.hook == "order-select" else None
    prefetch = _prefetch(told, service, faults)
    faults.stop_if_any()
    assert instance is not None, "without one there is a fault"
    return Asked(
        hook=hook,
        hook_instance=instance,
        patient_id=patient_id,
        orders=orders,
        selected=selected,
        prefetch=prefetch,
        fhir_server=server,
        authorization=authorization,
    )


def _stop(path: str, words: str) -> Any:
    raise Refused((Fault(code="structure", path=path, words=words),), unreadable=True)


def _sound(value: Any, path: str, faults: _Faults) -> None:
    """Rules that hold everywhere.

    A key that stands twice has two meanings, and nobody can say which was meant. Text
    that no answer can repeat is only looked for outside the record, whose entries are
    left out one by one.
    """
    if isinstance(value, text.Doubled):
        for name in value.twice:
            faults.add(f"{path}{name}", "stands twice in one object. Send it once.", "structure")
    if isinstance(value, dict):
        for name, item in value.items():
            if _UNSTORABLE.search(name):
                faults.add(path.removesuffix("."), "has a name with a character that is no text.")
            else:
                _sound(item, f"{path}{name}.", faults)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _sound(item, f"{path.removesuffix('.')}[{number}].", faults)
    elif isinstance(value, str) and _UNSTORABLE.search(value) and not path.startswith("prefetch."):
        words = "holds a character that is no text (U+0000 or half a surrogate pair)."
        faults.add(path.removesuffix("."), words)


def _hook(told: dict[str, Any], service: Service, faults: _Faults) -> str:
    hook = told.get("hook")
    if not isinstance(hook, str):
        faults.add("hook", f'is required. This service answers "{service.hook}".', "required")
    elif hook != service.hook:
        faults.add("hook", f'is {shown(hook)}; this service answers "{service.hook}".')
    return service.hook


def _instance(told: dict[str, Any], faults: _Faults) -> UUID | None:
    written = told.get("hookInstance")
    try:
        if not isinstance(written, str) or len(written) != 36:
            raise ValueError
        return UUID(written)
    except ValueError:
        code = "value" if "hookInstance" in told else "required"
        faults.add("hookInstance", "must be a UUID, one for each call of the hook.", code)
        return None


def _server(told: dict[str, Any], faults: _Faults) -> tuple[str, Authorization | None]:
    server = told.get("fhirServer", "")
    if not isinstance(server, str) or (server and not _URL.match(server)) or len(server) > 400:
        faults.add("fhirServer", "must be the base address of a FHIR server, without a query.")
        server = ""
    given = told.get("fhirAuthorization")
    if given is None:
        return server.rstrip("/"), None
    if not isinstance(given, dict):
        faults.add("fhirAuthorization", f"must be an object, not {shown(given)}.")
        return server, None
    if not server:
        faults.add("fhirServer", "is required where fhirAuthorization is given.", "required")
    token = given.get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]{1,8000}", token):
        faults.add("fhirAuthorization.access_token", "must be the text of a token.", "required")
        token = ""
    if given.get("token_type") != "Bearer":
        faults.add("fhirAuthorization.token_type", 'must be "Bearer".')
    lasts = given.get("expires_in")
    if isinstance(lasts, bool) or not isinstance(lasts, int) or lasts <= 0:
        faults.add("fhirAuthorization.expires_in", "must be a number of seconds above 0.")
    for name in ("scope", "subject"):
        if not isinstance(given.get(name), str) or not given.get(name):
            faults.add(f"fhirAuthorization.{name}", "is required, as text.", "required")
    return server.rstrip("/"), Authorization(token=token)


def _person(context: dict[str, Any], faults: _Faults) -> str:
    user = context.get("userId")
    kind = user.partition("/")[0] if isinstance(user, str) else ""
    if not isinstance(user, str) or not _REFERENCE.match(user) or kind not in _USERS:
        faults.add(
            "context.userId",
            f"must name the user, such as Practitioner/123 (one of {', '.join(_USERS)}).",
            "value" if "userId" in context else "required",
        )
    patient = context.get("patientId")
    if not isinstance(patient, str) or not _is_id(patient):
        faults.add(
            "context.patientId",
            "must be the id of the Patient, without its type.",
            "value" if "patientId" in context else "required",
        )
        patient = ""
    encounter = context.get("encounterId")
    if encounter is not None and not _is_id(encounter):
        faults.add("context.encounterId", "must be the id of an Encounter, without its type.")
    return patient


def _orders(context: dict[str, Any], faults: _Faults) -> tuple[dict[str, Any], ...]:
    place = "context.draftOrders"
    bundle = context.get("draftOrders")
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        faults.add(place, "is required: a FHIR Bundle of the draft orders.", "required")
        return ()
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        faults.add(f"{place}.entry", f"must be a list, not {shown(entries)}.", "structure")
        return ()
    if len(entries) > MOST_ORDERS:
        faults.add(f"{place}.entry", f"has {len(entries)} orders; at most {MOST_ORDERS} are read.")
        return ()
    orders: list[dict[str, Any]] = []
    for number, entry in enumerate(entries):
        where = f"{place}.entry[{number}].resource"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(kind, str):
            faults.add(where, "must be a FHIR resource with its resourceType.", "structure")
        elif kind in _OLD_TYPES:
            faults.add(
                where,
                f"is a {kind}, which FHIR R4 does not have. This service reads R4 only, so an "
                "order of an older version cannot be judged; send a MedicationRequest.",
                "not-supported",
            )
        elif "id" in resource and not _is_id(resource["id"]):
            faults.add(f"{where}.id", "must be an id of 1 to 64 letters, digits, - or full stops.")
        else:
            orders.append(resource)
    return tuple(orders)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.match(value) is not None


def _selections(
    context: dict[str, Any], orders: tuple[dict[str, Any], ...], faults: _Faults
) -> tuple[str, ...]:
    listed = context.get("selections")
    if not isinstance(listed, list) or not listed:
        faults.add("context.selections", "is required: the orders that were selected.", "required")
        return ()
    known = {f"{order['resourceType']}/{order.get('id')}" for order in orders}
    for number, item in enumerate(listed):
        if not isinstance(item, str) or not _REFERENCE.match(item):
            faults.add(
                f"context.selections[{number}]", "must be a reference such as MedicationRequest/17."
            )
        elif item not in known:
            faults.add(
                f"context.selections[{number}]",
                f"names {item}, which is not among the draft orders.",
                "not-found",
            )
    return tuple(item for item in listed if isinstance(item, str))


def _prefetch(told: dict[str, Any], service: Service, faults: _Faults) -> dict[str, Any]:
    given = told.get("prefetch")
    if given is None:
        return {}
    if not isinstance(given, dict):
        faults.add("prefetch", f"must be an object, not {shown(given)}.", "structure")
        return {}
    return {key: value for key, value in given.items() if key in service.prefetch}
