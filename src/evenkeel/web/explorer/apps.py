from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    name = "evenkeel.web.explorer"
    label = "explorer"
