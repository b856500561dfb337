"""CDS Hooks from the client's side: samples, keys, tokens, a request."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.test import Client

SAMPLES = Path(__file__).parents[1] / "data" / "cds-hooks"
TODAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SERVICE_OF = {
    "patient-view": "ketamine-patient-view",
    "order-select": "ketamine-order-select",
    "order-sign": "ketamine-order-sign",
}
ISSUER = "https://ehr.example.org"


@cache
def _text(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def sample(start: str) -> Any:
    """The one sample whose name begins so, fresh."""
    (path,) = SAMPLES.glob(f"{start}*.json")
    return json.loads(_text(path.name))


@cache
def ec_key(curve: str = "P-384", which: int = 0) -> Any:
    return ec.generate_private_key(ec.SECP384R1() if curve == "P-384" else ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    """A public key as a JWK."""
    kind = jwt.algorithms.RSAAlgorithm if hasattr(key, "decrypt") else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


def client(**changes: Any) -> Any:
    """A registered client that signs with ``ec_key()`` under the name "one"."""
    from evenkeel.web.records.models import CdsClient

    fields: dict[str, Any] = {
        "name": "Harbour hospital",
        "issuer": ISSUER,
        "key_set": {"keys": [public(ec_key(), "one")]},
        "registered_at": TODAY,
    }
    return CdsClient.objects.create(**{**fields, **changes})


def address(service: str, tail: str = "") -> str:
    return f"{settings.EVENKEEL_BASE_URL}/cds-services/{service}{tail}"


def claims(to: str, now: datetime = TODAY, /, **changes: Any) -> dict[str, Any]:
    made = {
        "iss": ISSUER,
        "aud": to,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=5)).timestamp()),
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def token(
    said: dict[str, Any], key: Any = None, *, alg: str = "ES384", kid: str | None = "one",
    **header: Any,
) -> str:  # fmt: skip
    headers = {"kid": kid, **header} if kid is not None else header
    return jwt.encode(said, key or ec_key(), algorithm=alg, headers=headers)


def ask(
    request: Any, *, service: str | None = None, tail: str = "", bearer: str | None = None,
    now: datetime = TODAY, **headers: str,
) -> Any:  # fmt: skip
    """POST a request as a signed client; ``bearer`` "" sends no token."""
    if service is None:
        service = SERVICE_OF[request["hook"]]
    if bearer is None:
        bearer = token(claims(address(service, tail), now))
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return Client().post(
        f"/cds-services/{service}{tail}", body, content_type="application/json", headers=headers
    )


def order(sent: Any, number: int = 0) -> dict[str, Any]:
    """A draft order of a request."""
    return sent["context"]["draftOrders"]["entry"][number]["resource"]


def without_uuids(answer: Any) -> Any:
    """The cards, their names and those of their suggestions taken out."""
    cards = copy.deepcopy(answer["cards"])
    for card in cards:
        del card["uuid"]
        for suggestion in card.get("suggestions", []):
            del suggestion["uuid"]
    return cards


def told_by(answer: Any) -> str:
    """All that a reader sees, in one text."""
    return json.dumps(answer, ensure_ascii=False)


def criteria(card: Any) -> set[str]:
    """The criteria that a card names as its own."""
    return {each["id"] for each in card["extension"]["org.evenkeel.card"]["criteria"]}


def matter(card: Any) -> str:
    return str(card["extension"]["org.evenkeel.card"]["matter"])
