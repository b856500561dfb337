"""Addresses of the consent pages."""

from django.urls import path

from evenkeel.web.clinic.views import consent

urlpatterns = [
    path("patients/<str:number>/consent/", consent.consent, name="consent"),
    path("patients/<str:number>/consent/ask/", consent.ask, name="consent_ask"),
    path("patients/<str:number>/consent/withdraw/", consent.withdraw, name="consent_withdraw"),
    path("consents/<int:pk>/", consent.record, name="consent_record"),
]
