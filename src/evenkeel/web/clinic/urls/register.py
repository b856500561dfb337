"""Addresses of the register pages."""

from django.urls import path

from evenkeel.web.clinic.views import register

urlpatterns = [
    path("register/", register.register, name="register"),
    path("register/receive/", register.receive, name="register-receive"),
    path("register/count/", register.count, name="register-count"),
    path("register/containers/<int:pk>/waste/", register.waste, name="register-waste"),
]
