"""Addresses of the devices pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
