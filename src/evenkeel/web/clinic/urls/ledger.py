"""Addresses of the ledger pages."""

from django.urls import path

from evenkeel.web.clinic.views import ledger

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/check/", ledger.check, name="ledger-check"),
    path("ledger/proof.ndjson", ledger.proof, name="ledger-proof"),
]
