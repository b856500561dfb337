"""Addresses of the roster: chairs and hours."""

from django.urls import path

from evenkeel.web.clinic.views import roster

urlpatterns = [
    path("roster/", roster.roster, name="roster"),
    path("roster/<int:pk>/remove/", roster.remove, name="shift-remove"),
    path("roster/chairs/add/", roster.add_chair, name="chair-add"),
    path("roster/chairs/<int:pk>/use/", roster.chair_in_use, name="chair-use"),
]
