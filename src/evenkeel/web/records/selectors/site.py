"""How the switches of the site stand."""

from __future__ import annotations

from evenkeel.web.records.models import SiteSwitch


def is_on(name: SiteSwitch.Name) -> bool:
    """Is this switch on? One that was never turned is off."""
    last = SiteSwitch.objects.filter(name=name).order_by("-id").values_list("on", flat=True).first()
    return bool(last)


def turns(name: SiteSwitch.Name) -> list[SiteSwitch]:
    """Every turn of this switch, the latest first."""
    return list(SiteSwitch.objects.filter(name=name).select_related("by").order_by("-id"))
