"""All staff pages, one module per part of the day. Names live in the namespace ``clinic``."""

from django.urls import include, path

app_name = "clinic"
SLICES = (
    "today",
    "referrals",
    "patients",
    "screening",
    "trials",
    "editions",
    "packets",
    "consent",
    "courses",
    "booking",
    "day",
    "floor",
    "register",
    "devices",
    "cds",
    "ledger",
    "house",
    "roster",
)
urlpatterns = [path("", include(f"evenkeel.web.clinic.urls.{name}")) for name in SLICES]
