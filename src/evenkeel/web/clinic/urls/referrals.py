"""Addresses of the referrals pages; under patients/, so that the tab stays lit."""

from django.urls import path

from evenkeel.web.clinic.views import referrals

urlpatterns = [
    path("patients/referrals/", referrals.referrals, name="referrals"),
    path("patients/referrals/add/", referrals.add, name="referral-add"),
    path("patients/referrals/<int:pk>/", referrals.referral, name="referral"),
    path("patients/referrals/<int:pk>/file/", referrals.raw, name="referral-file"),
    path("patients/referrals/<int:pk>/<int:position>/", referrals.entry, name="referral-entry"),
]
