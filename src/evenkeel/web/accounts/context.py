"""What every page may say about the house: which environment, which clinic, which zone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:
    """Names for templates; ``second_factor_off`` asks for the demo's banner."""
    return {
        "environment": settings.EVENKEEL_ENV,
        "clinic_name": settings.EVENKEEL_CLINIC_NAME,
        "clinic_zone": settings.EVENKEEL_CLINIC_ZONE,
        "second_factor_off": not settings.EVENKEEL_MFA_REQUIRED,
    }
