"""Addresses of the screening pages."""

from django.urls import path

from evenkeel.web.clinic.views import screening

urlpatterns = [
    path("patients/<str:number>/screening/", screening.screening, name="screening"),
    path("patients/<str:number>/screening/answer/", screening.answer, name="screening_answer"),
    path("patients/<str:number>/screening/decide/", screening.decide, name="screening_decide"),
    path(
        "patients/<str:number>/screening/facts/<slug:name>/", screening.fact, name="screening_fact"
    ),
    path(
        "patients/<str:number>/screening/packs/<slug:pack>/", screening.pack, name="screening_pack"
    ),
    path(
        "patients/<str:number>/screening/decisions/<int:pk>/",
        screening.decision,
        name="screening_decision",
    ),
]
