"""The navigation of staff pages: only what this person may open.

A context processor; settings.TEMPLATES names it. It reads no tables.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from evenkeel.web.records.permissions import may

# words on the tab, name of the address, the act that opens it
SECTIONS = (
    ("Today", "clinic:today", "today.see"),
    ("Floor", "clinic:floor", "floor.see"),
    ("Patients", "clinic:patients", "patients.see"),
    ("Booking", "clinic:booking", "booking.see"),
    ("Register", "clinic:register", "register.see"),
    ("Monitors", "clinic:devices", "devices.see"),
    ("Order advice", "clinic:cds", "cds.see"),
    ("Ledger", "clinic:ledger", "ledger.see"),
    ("Roster", "clinic:roster", "roster.manage"),
    ("Accounts", "clinic:accounts", "accounts.manage"),
)

# pages that stand at an address of their own, and the section they are part of
BELONG = {
    "/day/": "/floor/",
    "/treatments/": "/floor/",
    "/courses/": "/patients/",
    "/consents/": "/patients/",
    "/packets/": "/patients/",
    "/tasks/": "/today/",
    "/editions/": "/patients/",
    "/house/site/": "/house/accounts/",
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """``sections``: text, href, and whether the page that is shown belongs to it."""
    user = getattr(request, "user", None)
    found = [
        {"text": text, "href": reverse(name), "current": False}
        for text, name, act in SECTIONS
        if may(user, act)
    ]
    path = next(
        (href for part, href in BELONG.items() if request.path.startswith(part)), request.path
    )
    for section in found:
        section["current"] = path.startswith(str(section["href"]))
    return {"sections": found}
