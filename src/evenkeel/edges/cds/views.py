"""GET /cds-services, POST /cds-services/{id} and its feedback, after CDS Hooks 2.0.

Discovery is open: it says nothing about anybody. Every other call needs the token of a
registered client, except where a demonstration lets anybody try (EVENKEEL_CDS_OPEN). No
row of a patient is read here; what is judged came with the request. Nothing of it is
logged or kept but the cards' uuids, matters and criteria.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from evenkeel.core.chart import Fault, Refused
from evenkeel.core.guidelines.packs.library import library
from evenkeel.edges.cds import answers, asked, fhir_server, told, trust
from evenkeel.edges.cds.offered import SERVICES, Service, discovery
from evenkeel.edges.cds.pace import Pace
from evenkeel.edges.cds.record import missing_keys
from evenkeel.edges.fhir import outcome
from evenkeel.web.accounts.models import ApiToken
from evenkeel.web.records.models import CdsClient
from evenkeel.web.records.selectors import cds as clients
from evenkeel.web.records.services import cds as services

_AGE = "600"  # seconds that a browser may keep the answer to a preflight
_pace = Pace(most=300, seconds=60)


@csrf_exempt  # it changes nothing
def services_list(request: HttpRequest) -> HttpResponse:
    """Discovery, open to every page: no patient is in it."""
    if request.method == "OPTIONS":
        return _preflight(request, "GET, HEAD, OPTIONS", "*")
    if request.method not in ("GET", "HEAD"):
        return _refuse(405, "not-supported", "Read this with GET.", Allow="GET, HEAD, OPTIONS")
    return _shared(JsonResponse(discovery()), "*")


@csrf_exempt  # a token in a header, never a cookie, says who asks
@never_cache
def service(request: HttpRequest, service_id: str) -> HttpResponse:
    """One call of a service: cards."""
    return _door(request, service_id, "", _call)


@csrf_exempt  # as above
@never_cache
def feedback(request: HttpRequest, service_id: str) -> HttpResponse:
    """What became of cards."""
    return _door(request, service_id, "/feedback", _feedback)


def _door(request: HttpRequest, service_id: str, tail: str, act: Any) -> HttpResponse:
    origin = request.headers.get("Origin", "")
    found = SERVICES.get(service_id)
    if found is None:
        return _refuse(404, "not-found", "There is no such service; see /cds-services.")
    allowed = origin if origin and _may_come_from(origin, None) else ""
    if request.method == "OPTIONS":
        return _preflight(request, "POST, OPTIONS", allowed)
    if request.method != "POST":
        return _refuse(405, "not-supported", "Send this with POST.", Allow="POST, OPTIONS")
    return _shared(_let_in(request, found, tail, act, origin), allowed)


def _let_in(request: HttpRequest, found: Service, tail: str, act: Any, origin: str) -> HttpResponse:
    try:
        client = _who(request, f"{settings.EVENKEEL_BASE_URL}/cds-services/{found.id}{tail}")
    except trust.NotTrusted as fault:
        code = "login" if fault.status == 401 else "forbidden"
        headers = {"WWW-Authenticate": 'Bearer realm="cds"'} if fault.status == 401 else {}
        return _refuse(fault.status, code, str(fault), **headers)
    if origin and not _may_come_from(origin, client):
        words = "This web page is not registered for the client. Ask the clinic."
        return _refuse(403, "forbidden", words)
    who = f"client {client.pk}" if client else f"peer {request.META.get('REMOTE_ADDR', '')}"
    wait = _pace.wait(who)
    if wait:
        words = f"Too many requests. Wait {wait} s."
        return _refuse(429, "throttled", words, **{"Retry-After": str(wait)})
    if request.content_type != "application/json":
        words = f"Content-Type is {request.content_type[:60] or 'missing'}; send application/json."
        return _refuse(415, "not-supported", words)
    charset = request.content_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8") or request.headers.get("Content-Encoding", "identity") != (
        "identity"
    ):
        return _refuse(415, "not-supported", "Send the body as UTF-8, not compressed.")
    most = told.SIZE if tail else asked.SIZE
    try:
        raw = request.read(most + 1)
    except UnreadablePostError:
        return _refuse(400, "incomplete", "The body did not arrive whole. Send it again.")
    if len(raw) > most:
        return _refuse(413, "too-long", f"At most {most:,} bytes are read. Prefetch less.")
    try:
        return act(raw, found, client)  # type: ignore[no-any-return]
    except Refused as refusal:
        return _faults(400, refusal.faults)


def _call(raw: bytes, found: Service, client: CdsClient | None) -> HttpResponse:
    now = timezone.now()
    request = asked.read(raw, found)
    if found.hook != "patient-view" and not _is_concerned(request):
        return _cards([], found, client)
    wanted = [gap.key for gap in missing_keys(found.prefetch, request.prefetch)]
    registered = client.fhir_server if client is not None else ""
    fetched, failed = fhir_server.fetch_missing(request, found, wanted, registered)
    tried = bool(registered) and request.fhir_server == registered.rstrip("/")
    if found.hook == "patient-view" and tried and len(failed) == len(found.prefetch):
        words = "Nothing was prefetched, and the FHIR server gave nothing: " + "; ".join(
            f"{key}: {why}" for key, why in failed.items()
        )
        return _refuse(412, "incomplete", f"{words}.")
    came = {**request.prefetch, **fetched}
    cards = answers.answer(request, found, came, library(), now.astimezone(UTC).date(), failed)
    return _cards(cards, found, client)


def _is_concerned(request: asked.Asked) -> bool:
    """Whether any order is ours, before anything is fetched for it."""
    picked, _, nameless = answers.concerns(request, library())
    return bool(picked or nameless)


def _cards(cards: list[Any], found: Service, client: CdsClient | None) -> HttpResponse:
    content = library()
    services.log_cards(
        [
            services.Shown(
                uuid=card.uuid,
                matter=card.matter,
                criteria=card.criteria,
                indicator=card.indicator,
                suggestions=card.suggestions,
            )
            for card in cards
        ],
        service=found.id,
        client=client,
        edition=content.edition,
        sha256=content.sha256,
        at=timezone.now(),
    )
    return JsonResponse({"cards": [card.content for card in cards]})


def _feedback(raw: bytes, found: Service, client: CdsClient | None) -> HttpResponse:
    now = timezone.now()
    outcomes = told.read(raw, now=now)
    try:
        kept = services.keep_feedback(outcomes, service=found.id, client=client, at=now)
    except services.UnknownCard as fault:
        place = f"feedback[{fault.number}].card"
        return _faults(404, [Fault(code="not-found", path=place, words=str(fault))])
    return JsonResponse({"kept": kept})


def _who(request: HttpRequest, audience: str) -> CdsClient | None:
    """The client; None where a demonstration lets anybody try.

    Also then a token that claims to be a registered client's is verified in full.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if not token or scheme.lower() != "bearer":
        if settings.EVENKEEL_CDS_OPEN:
            return None
        words = "Send Authorization: Bearer and a signed JSON web token of a registered client."
        raise trust.NotTrusted(words)
    try:
        return trust.check(token, audience=audience, now=timezone.now())
    except trust.NotTrusted as fault:
        if settings.EVENKEEL_CDS_OPEN and (fault.unknown_issuer or ApiToken.find(token)):
            return None
        raise


def _may_come_from(origin: str, client: CdsClient | None) -> bool:
    if settings.EVENKEEL_CDS_OPEN and client is None:
        return True
    if client is not None:
        return origin in client.origins
    return clients.allows_origin(origin)


def _preflight(request: HttpRequest, methods: str, origin: str) -> HttpResponse:
    answer = _shared(HttpResponse(status=204), origin)
    if not origin:
        return answer
    answer["Access-Control-Allow-Methods"] = methods
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
    answer["Access-Control-Max-Age"] = _AGE
    asks = request.headers.get("Access-Control-Request-Private-Network")
    if settings.EVENKEEL_CDS_OPEN and asks == "true":
        answer["Access-Control-Allow-Private-Network"] = "true"  # a sandbox calls this machine
    return answer


def _shared(answer: HttpResponse, origin: str) -> HttpResponse:
    if origin:
        answer["Access-Control-Allow-Origin"] = origin
    answer["Vary"] = "Origin"
    return answer


def _refuse(status: int, code: str, words: str, **headers: str) -> HttpResponse:
    answer = _faults(status, [Fault(code=code, path="", words=words)])
    for name, value in headers.items():
        answer[name] = value
    return answer


def _faults(status: int, faults: Iterable[Fault]) -> HttpResponse:
    """An OperationOutcome; the specification leaves the body of errors open."""
    return JsonResponse(outcome.refused(faults), status=status)
