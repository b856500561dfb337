from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class PortalConfig(AppConfig):
    name = "evenkeel.web.portal"
    label = "portal"

    def ready(self) -> None:
        """Refuse to start without crisis numbers: a patient must never find that page broken."""
        from evenkeel.web.records import crisis

        if settings.EVENKEEL_COUNTRY not in crisis.by_country():
            have = ", ".join(sorted(crisis.by_country()))
            raise ImproperlyConfigured(
                f"EVENKEEL_COUNTRY is {settings.EVENKEEL_COUNTRY!r}, and content/crisis has no "
                f"numbers for it, so patients would find none. Choose one of {have}, or add a file."
            )
