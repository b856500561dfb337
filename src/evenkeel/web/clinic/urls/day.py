"""Addresses of the day pages."""

from django.urls import path

from evenkeel.web.clinic.views import acts, day, dose, live

urlpatterns = [
    path("day/", day.day, name="day"),
    path("treatments/<int:pk>/", day.treatment, name="treatment"),
    path("treatments/<int:pk>/check-in/", day.check_in, name="check-in"),
    path("treatments/<int:pk>/gate/", day.gate, name="gate"),
    path("treatments/<int:pk>/gate/answer/<slug:condition>/", day.answer, name="gate-answer"),
    path("treatments/<int:pk>/gate/override/<slug:condition>/", day.override, name="gate-override"),
    path("treatments/<int:pk>/gate/go/", day.go, name="gate-go"),
    path("treatments/<int:pk>/cancel/", day.cancel, name="treatment-cancel"),
    path("treatments/<int:pk>/dose/", dose.dose, name="dose"),
    path("treatments/<int:pk>/dose/order/", dose.order, name="dose-order"),
    path("treatments/<int:pk>/dose/first/", dose.first, name="dose-first"),
    path("treatments/<int:pk>/dose/second/", dose.second, name="dose-second"),
    path("treatments/<int:pk>/dose/start/", dose.start, name="dose-start"),
    path("treatments/<int:pk>/live/", live.live, name="live"),
    path("treatments/<int:pk>/live/parts/", live.parts, name="live-parts"),
    path(
        "treatments/<int:pk>/live/override/<slug:condition>/", live.override, name="leave-override"
    ),
    path("treatments/<int:pk>/flowsheet.json", live.sheet_json, name="flowsheet-json"),
    path("treatments/<int:pk>/sheet/", live.paper, name="treatment-sheet"),
    path("treatments/<int:pk>/act/", acts.act, name="treatment-act"),
]
