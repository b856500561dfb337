"""Addresses of the patients pages."""

from django.urls import path

from evenkeel.web.clinic.views import patients

urlpatterns = [
    path("patients/", patients.patients, name="patients"),
    path("patients/<str:number>/", patients.patient, name="patient"),
]
