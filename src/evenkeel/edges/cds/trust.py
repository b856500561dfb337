"""Who asks: the JSON web token of a registered client, verified.

After CDS Hooks 2.0, "Trusting CDS Clients", and RFC 7515, 7517, 7519. Only asymmetric
algorithms; the key comes from the client's registered set or from its registered
address, never from the token; a ``jku`` must be that address. ``aud`` is the address
that was called, letter by letter. Each token opens one request.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from evenkeel.edges.cds import fetching
from evenkeel.web.records.models import CdsClient
from evenkeel.web.records.selectors import cds as clients
from evenkeel.web.records.services import cds as services

# ES384 and RS384 are the specification's; the public sandbox signs with ES256.
ALGORITHMS = ("ES384", "RS384", "ES256", "RS256")
_CURVES = {"ES256": "P-256", "ES384": "P-384"}
SKEW = timedelta(seconds=60)
LONGEST = timedelta(hours=1)  # from issue to expiry; five minutes are usual
LONGEST_TOKEN = 16_384  # characters
MOST_KEYS = 50
KEY_SET_BYTES = 256 * 1024
KEPT_SECONDS = 300.0
AGAIN_SECONDS = 30.0  # a key set is not asked for more often, whatever tokens say


class NotTrusted(Exception):
    """The token opens nothing. ``status`` 401: not shown who asks; 403: known, not allowed."""

    def __init__(self, words: str, *, status: int = 401, unknown_issuer: bool = False) -> None:
        super().__init__(words)
        self.status = status
        self.unknown_issuer = unknown_issuer


@dataclass(slots=True)
class _Kept:
    """A key set that was fetched, or why it could not be, and when."""

    keys: dict[str, Any]
    at: float


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


def check(token: str, *, audience: str, now: datetime) -> CdsClient:
    """The client whose token this is; from now on the token is used.

    Raises:
        NotTrusted: with what is wrong, fit for the sender.
    """
    if len(token) > LONGEST_TOKEN:
        raise NotTrusted("The token is too long to be one.")
    header, claims = _peek(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise NotTrusted(
            f"The token is signed with an algorithm that is not accepted. Accepted: "
            f"{', '.join(ALGORITHMS)}."
        )
    if header.get("crit") is not None:
        raise NotTrusted("The token has critical headers (crit) that are not understood here.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise NotTrusted("The token names no key (kid).")
    issuer = claims.get("iss")
    client = clients.by_issuer(issuer) if isinstance(issuer, str) else None
    if client is None:
        raise NotTrusted("The issuer (iss) is not registered here.", unknown_issuer=True)
    jku = header.get("jku")
    if jku is not None and jku != client.jwks_url:
        raise NotTrusted("The address of keys (jku) is not the one registered for this issuer.")
    verified = _verify(token, _key(client, kid, str(algorithm)), str(algorithm))
    _claims(verified, client, audience=audience, now=now)
    if not client.enabled:
        raise NotTrusted("This client is switched off. Ask the clinic.", status=403)
    expires = datetime.fromtimestamp(verified["exp"], UTC)
    if not services.use_token(client=client, jti=verified["jti"], expires_at=expires + SKEW,
                              now=now):  # fmt: skip
        raise NotTrusted("This token was used before (jti). Each request needs a fresh one.")
    return client


def _peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims before anything is believed, only to find the key."""
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotTrusted("The token is no JSON web token.") from None
    return whole["header"], whole["payload"]


def _verify(token: str, key: jwt.PyJWK, algorithm: str) -> dict[str, Any]:
    unchecked = {
        f"verify_{name}": False
        for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti", "strict_aud")
    }
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            options={**unchecked, "require": ["iss", "aud", "exp", "iat", "jti"],
                     "enforce_minimum_key_length": True},
        )  # fmt: skip
    except jwt.MissingRequiredClaimError as fault:
        raise NotTrusted(f"The token lacks the claim {fault.claim}.") from None
    except jwt.PyJWTError:
        raise NotTrusted("The signature of the token does not fit the client's key.") from None


def _claims(claims: dict[str, Any], client: CdsClient, *, audience: str, now: datetime) -> None:
    """Times and addressees, judged by the time that we were told."""
    aud = claims["aud"]
    if aud != audience and not (isinstance(aud, list) and audience in aud):
        raise NotTrusted(
            f"The token is for another address (aud). It must be {audience}, letter by letter."
        )
    times = {name: _time(claims, name) for name in ("exp", "iat", "nbf") if name in claims}
    if times["exp"] <= now - SKEW:
        raise NotTrusted("The token has expired (exp).")
    if times["iat"] > now + SKEW or times.get("nbf", now) > now + SKEW:
        raise NotTrusted("The token is from the future (iat, nbf). Check the sender's clock.")
    if times["exp"] - times["iat"] > LONGEST:
        raise NotTrusted("The token lasts longer than an hour; five minutes are enough.")
    jti = claims["jti"]
    if not isinstance(jti, str) or not 8 <= len(jti) <= 255:
        raise NotTrusted("The token's own name (jti) must be text of 8 to 255 characters.")
    if client.tenant and claims.get("tenant") != client.tenant:
        raise NotTrusted("The tenant is not the one registered for this client.", status=403)


def _time(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotTrusted(f"The claim {name} must be a number of seconds.")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise NotTrusted(f"The claim {name} is no time.") from None


def _key(client: CdsClient, kid: str, algorithm: str) -> jwt.PyJWK:
    """The one key of that name and kind in the client's set."""
    found = _named(_key_set(client, fresh=False), kid)
    if not found and client.jwks_url:
        found = _named(_key_set(client, fresh=True), kid)
    if len(found) != 1:
        many = "more than one key" if found else "no key"
        raise NotTrusted(f"The client's key set has {many} of the name that the token gives (kid).")
    try:
        key = jwt.PyJWK(found[0], algorithm)
    except (jwt.PyJWTError, ValueError, KeyError, TypeError):
        raise NotTrusted("The client's key of that name cannot be used.") from None
    wanted = {"E": "EC", "R": "RSA"}[algorithm[0]]
    if found[0].get("kty") != wanted or found[0].get("alg", algorithm) != algorithm:
        raise NotTrusted("The client's key of that name is for another algorithm.")
    if wanted == "EC" and found[0].get("crv") != _CURVES[algorithm]:
        raise NotTrusted("The client's key of that name is on another curve.")
    if found[0].get("use", "sig") != "sig":
        raise NotTrusted("The client's key of that name is not for signatures.")
    return key


def _named(keys: dict[str, Any], kid: str) -> list[dict[str, Any]]:
    held = keys.get("keys")
    listed = held if isinstance(held, list) else []
    return [key for key in listed[:MOST_KEYS] if isinstance(key, dict) and key.get("kid") == kid]


def _key_set(client: CdsClient, *, fresh: bool) -> dict[str, Any]:
    """The pasted set, or the one at the registered address, kept for a few minutes."""
    if not client.jwks_url:
        return dict(client.key_set)
    age = AGAIN_SECONDS if fresh else KEPT_SECONDS
    with _lock:
        kept = _kept.get(client.jwks_url)
        if kept is not None and time.monotonic() - kept.at < (age if kept.keys else AGAIN_SECONDS):
            return kept.keys
        # Taken before the call, so that a crowd of tokens makes one call.
        _kept[client.jwks_url] = _Kept(kept.keys if kept else {}, time.monotonic())
    try:
        raw = fetching.get(client.jwks_url, accept="application/json", most=KEY_SET_BYTES)
        read = json.loads(raw)
        keys = read if isinstance(read, dict) else {}
    except (fetching.CannotFetch, ValueError, RecursionError):
        keys = {}
    with _lock:
        if keys or kept is None:
            _kept[client.jwks_url] = _Kept(keys, time.monotonic())
    return keys or (kept.keys if kept else {})


def forget_keys() -> None:
    """Drop every key set that was fetched: after a change of a client, and in tests."""
    with _lock:
        _kept.clear()
