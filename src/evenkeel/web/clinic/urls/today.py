"""Addresses of the today pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
