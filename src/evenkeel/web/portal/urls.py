"""Patients' pages. Names live in the namespace ``portal``."""

from django.urls import URLPattern

app_name = "portal"
urlpatterns: list[URLPattern] = []
