"""Addresses of the floor pages."""

from django.urls import path

from evenkeel.web.clinic.views import floor

urlpatterns = [
    path("floor/", floor.floor, name="floor"),
    path("floor/wall/", floor.wall, name="floor-wall"),
    path("floor/parts/", floor.parts, name="floor-parts"),
]
