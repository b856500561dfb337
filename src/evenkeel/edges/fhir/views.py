"""POST /fhir: a referral from another system. GET /fhir/metadata: what this door does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from evenkeel import __version__
from evenkeel.core.chart import Fault, Refused
from evenkeel.edges.fhir import outcome, text
from evenkeel.web.accounts.models import ApiToken
from evenkeel.web.records import permissions
from evenkeel.web.records.services import referrals

FHIR_JSON = "application/fhir+json"
_TYPES = (FHIR_JSON, "application/json")


@csrf_exempt  # a token in a header, never a cookie, says who sends
@never_cache
def bundle(request: HttpRequest) -> JsonResponse:
    """Take in one bundle. 201 stored, 200 there already, else an OperationOutcome."""
    if request.method != "POST":
        return _answer(405, "not-supported", "Send a Bundle with POST.", {"Allow": "POST"})
    token = _token(request)
    if token is None:
        return _answer(
            401,
            "login",
            "No valid token. Send Authorization: Bearer and the token that the clinic issued.",
            {"WWW-Authenticate": 'Bearer realm="referrals"'},
        )
    if not permissions.may(token.user, "referrals.receive"):
        return _answer(403, "forbidden", "This token may not send referrals. Ask the clinic.")
    if request.content_type not in _TYPES:
        return _answer(
            415,
            "not-supported",
            f"Content-Type is {request.content_type or 'missing'}; send {FHIR_JSON}.",
        )
    if request.content_params.get("fhirversion", "4.0") not in ("4.0", "4.0.1"):
        return _answer(415, "not-supported", "Only FHIR R4 is read (fhirVersion=4.0).")
    charset = request.content_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        return _answer(415, "not-supported", f"FHIR JSON is UTF-8; this says {charset[:40]}.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return _answer(415, "not-supported", "Send the bundle as it is, not compressed.")
    try:
        # One byte more than is allowed tells, whatever the header said of the length.
        raw = request.read(text.SIZE + 1)
    except UnreadablePostError:
        return _answer(400, "incomplete", "The body did not arrive whole. Send it again.")
    if len(raw) > text.SIZE:
        return _answer(
            413, "too-long", f"At most {text.SIZE:,} bytes are read. Send fewer entries."
        )
    return _take_in(raw, token)


def _take_in(raw: bytes, token: ApiToken) -> JsonResponse:
    try:
        receipt = referrals.receive(
            raw=raw, by=token.user, via=referrals.Via.POST, at=timezone.now()
        )
    except Refused as refusal:
        return _json(outcome.refused(refusal.faults), 400 if refusal.unreadable else 422)
    except permissions.Denied as refusal:
        return _answer(403, "forbidden", str(refusal))
    status = 201 if receipt.is_new else 200
    line = "201 Created" if receipt.is_new else "200 OK"
    entries = [
        (_location(receipt, item.kind, item.pk), line)
        for item in receipt.referral.items.only("kind", "pk", "referral_id")
    ]
    kind = receipt.referral.kept["kind"]
    return _json(outcome.response(kind, entries, receipt.problems, line), status)


def _location(receipt: referrals.Receipt, kind: str, key: int) -> str:
    """What the entry is called here: the record number for the person, else a key."""
    return f"Patient/{receipt.patient.number}" if kind == "Patient" else f"{kind}/{key}"


def metadata(request: HttpRequest) -> JsonResponse:
    """The CapabilityStatement; anybody may read it."""
    if request.method not in ("GET", "HEAD"):
        return _answer(405, "not-supported", "Read this with GET.", {"Allow": "GET"})
    return _json(outcome.capability(timezone.now().isoformat(), __version__), 200)


def _token(request: HttpRequest) -> ApiToken | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    return ApiToken.find(secret.strip())


def _answer(
    status: int, code: str, words: str, headers: dict[str, str] | None = None
) -> JsonResponse:
    answer = _json(outcome.refused([Fault(code=code, path="", words=words)]), status)
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def _json(content: dict[str, Any], status: int) -> JsonResponse:
    return JsonResponse(content, status=status, content_type=FHIR_JSON)
