"""Addresses of the devices pages."""

from django.urls import path

from evenkeel.web.clinic.views import devices

urlpatterns = [
    path("devices/", devices.devices, name="devices"),
    path("devices/register/", devices.register, name="device-register"),
    path("devices/messages/<int:message_id>/", devices.message, name="device-message"),
]
