from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "evenkeel.web.clinic"
    label = "clinic"
