"""Addresses of the day pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
