"""Addresses of a person's antidepressant trials."""

from django.urls import path

from evenkeel.web.clinic.views import trials

urlpatterns = [
    path("patients/<str:number>/trials/", trials.trials, name="trials"),
    path("patients/<str:number>/trials/add/", trials.add, name="trial_add"),
    path("patients/<str:number>/trials/<int:place>/", trials.correct, name="trial_correct"),
    path("patients/<str:number>/trials/<int:place>/remove/", trials.remove, name="trial_remove"),
]
