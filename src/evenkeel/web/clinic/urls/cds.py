"""Addresses of the pages about advice at orders."""

from django.urls import path

from evenkeel.web.clinic.views import cds

urlpatterns = [
    path("order-advice/", cds.overview, name="cds"),
    path("order-advice/clients/add/", cds.add, name="cds-add"),
    path("order-advice/clients/<int:pk>/", cds.change, name="cds-change"),
    path("order-advice/clients/<int:pk>/open/", cds.enable, name="cds-enable"),
]
