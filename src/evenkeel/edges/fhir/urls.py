"""Addresses of the FHIR door, with and without the last slash: senders write both."""

from django.urls import path

from evenkeel.edges.fhir import views

app_name = "fhir"
urlpatterns = [
    path("fhir", views.bundle, name="bundle"),
    path("fhir/", views.bundle),
    path("fhir/metadata", views.metadata, name="metadata"),
]
