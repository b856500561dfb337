"""Addresses about editions of the content."""

from django.urls import path

from evenkeel.web.clinic.views import editions

urlpatterns = [
    path("editions/", editions.changes, name="guideline_changes"),
    path("editions/<int:pk>/", editions.changes, name="guideline_change"),
    path(
        "patients/<str:number>/screening/decisions/<int:pk>/again/",
        editions.decision_again,
        name="screening_decision_again",
    ),
]
