"""The form that lets another system ask at orders."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import jwt
from django import forms

from evenkeel.web.records.models import CdsClient
from evenkeel.web.records.services.cds import Told

_ORIGIN = re.compile(r"(?:https://[a-z0-9.\-]+|http://(?:localhost|127\.0\.0\.1))(?::\d{1,5})?\Z")
_MOST_ORIGINS = 20
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


class CdsClientForm(forms.Form):
    """Who may ask, by which keys, and what may be read for it."""

    name = forms.CharField(
        label="What we call it", max_length=80, help_text="Such as the hospital whose system asks."
    )
    issuer = forms.CharField(
        label="Issuer",
        max_length=400,
        help_text="As its tokens have it in iss, letter by letter.",
    )
    jwks_url = forms.CharField(
        label="Address of its public keys",
        max_length=400,
        required=False,
        help_text="A JWK Set over https. Leave it empty when the keys are pasted below.",
    )
    key_set = forms.CharField(
        label="Or its public keys",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text='A JWK Set as JSON: {"keys": […]}. Public keys only.',
    )
    tenant = forms.CharField(
        label="Tenant",
        max_length=200,
        required=False,
        help_text="If its tokens name one, the only one that is taken.",
    )
    fhir_server = forms.CharField(
        label="Its FHIR server",
        max_length=400,
        required=False,
        help_text="The base address, over https. Read only with the right that a request brings, "
        "for what was not sent along. Empty: nothing is ever read.",
    )
    origins = forms.CharField(
        label="Web pages that may ask from a browser",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One origin a line, such as https://app.hospital.example. Empty: only servers.",
    )

    def clean_jwks_url(self) -> str:
        return _https(self.cleaned_data["jwks_url"], query=True)

    def clean_fhir_server(self) -> str:
        return _https(self.cleaned_data["fhir_server"], query=False).rstrip("/")

    def clean_key_set(self) -> dict[str, Any]:
        typed = self.cleaned_data["key_set"].strip()
        return _keys(typed) if typed else {}

    def clean_origins(self) -> list[str]:
        listed = list(dict.fromkeys(self.cleaned_data["origins"].split()))
        if len(listed) > _MOST_ORIGINS:
            raise forms.ValidationError(f"At most {_MOST_ORIGINS} pages.")
        for origin in listed:
            if not _ORIGIN.match(origin):
                raise forms.ValidationError(
                    f"{origin[:80]} is no origin. Write scheme, host and, if need be, port: "
                    "https://app.hospital.example, without a path."
                )
        return listed

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if {"jwks_url", "key_set"} <= typed.keys() and bool(typed["jwks_url"]) == bool(
            typed["key_set"]
        ):
            self.add_error(
                "jwks_url",
                "Give either the address of the keys or the keys, so that it is clear which count.",
            )
        return typed

    def told(self) -> Told:
        return Told(**{name: self.cleaned_data[name] for name in self.fields})


def shown(client: CdsClient) -> dict[str, str]:
    """A client as the form shows it."""
    return {
        "name": client.name,
        "issuer": client.issuer,
        "jwks_url": client.jwks_url,
        "key_set": json.dumps(client.key_set, indent=1) if client.key_set else "",
        "tenant": client.tenant,
        "fhir_server": client.fhir_server,
        "origins": "\n".join(client.origins),
    }


def _https(typed: str, *, query: bool) -> str:
    try:
        parts = urlsplit(typed)
        _ = parts.port
    except ValueError:
        raise forms.ValidationError("This is no address.") from None
    if not typed:
        return typed
    plain = parts.scheme == "https" and parts.hostname and not parts.username
    if not plain or parts.fragment or (parts.query and not query) or re.search(r"\s", typed):
        raise forms.ValidationError("Write an address that begins with https:// and a host.")
    return typed


def _keys(typed: str) -> dict[str, Any]:
    try:
        read = json.loads(typed)
    except (ValueError, RecursionError):
        raise forms.ValidationError("This is no JSON. Paste the whole JWK Set.") from None
    keys = read.get("keys") if isinstance(read, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= 50:
        raise forms.ValidationError('A JWK Set is {"keys": […]} with one key or more.')
    for number, key in enumerate(keys, 1):
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
            raise forms.ValidationError(f"Key {number} has no name (kid).")
        if _PRIVATE & key.keys():
            raise forms.ValidationError(
                f"Key {number} is private or shared. It was not kept; whoever sent it should "
                "make a new one, and paste only the public part here."
            )
        try:
            jwt.PyJWK(key, "ES384" if key.get("kty") == "EC" else "RS384")
        except (jwt.PyJWTError, ValueError, KeyError, TypeError):
            raise forms.ValidationError(
                f"Key {number} cannot be used: it must be EC (P-256, P-384) or RSA."
            ) from None
    return {"keys": keys}
