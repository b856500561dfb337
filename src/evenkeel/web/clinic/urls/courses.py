"""Addresses of the courses pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
