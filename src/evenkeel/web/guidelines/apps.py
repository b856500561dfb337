from django.apps import AppConfig


class GuidelinesConfig(AppConfig):
    name = "evenkeel.web.guidelines"
    label = "guidelines"
