"""Addresses of the live streams."""

from django.urls import path

from evenkeel.web.live import views

app_name = "live"
urlpatterns = [
    path("floor/events", views.floor, name="floor"),
    path("treatment/<int:treatment_id>/events", views.treatment, name="treatment"),
]
