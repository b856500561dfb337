"""Addresses of packets for payers."""

from django.urls import path

from evenkeel.web.clinic.views import packets

urlpatterns = [
    path("patients/<str:number>/packets/", packets.packets, name="packets"),
    path("patients/<str:number>/packets/issue/", packets.issue, name="packet_issue"),
    path("packets/<int:pk>/", packets.packet, name="packet"),
    path("packets/<int:pk>/file/", packets.file, name="packet_file"),
]
