"""Short secrets sealed with AES-256-GCM before they reach a table.

The key comes from EVENKEEL_FIELD_KEY; what the secret belongs to is sealed in, so
a row copied to another person does not open. Sealed text names its key's form,
so a later form can be read beside it.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORM = "k1"


class SealBroken(ValueError):
    """The text was altered, moved, or sealed with another key."""


def _cipher() -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"evenkeel field seal k1")
    return AESGCM(derived.derive(settings.EVENKEEL_FIELD_KEY.encode()))


def seal(text: str, *, belongs_to: str) -> str:
    """Seal ``text``. ``belongs_to`` is stated again on opening, for example "mfa"."""
    nonce = os.urandom(12)
    sealed = _cipher().encrypt(nonce, text.encode(), belongs_to.encode())
    return f"{FORM}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, belongs_to: str) -> str:
    """The text that was sealed.

    Raises:
        SealBroken: it cannot be opened with this key for this purpose.
    """
    form, _, body = sealed.partition(":")
    try:
        if form != FORM:
            raise ValueError(form)
        raw = base64.urlsafe_b64decode(body)
        return _cipher().decrypt(raw[:12], raw[12:], belongs_to.encode()).decode()
    except (InvalidTag, ValueError):
        raise SealBroken(
            "A stored secret cannot be opened. EVENKEEL_FIELD_KEY is not the key it was sealed "
            "with, or the row was altered. Restore the key, or enrol the second factor again."
        ) from None
