from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "evenkeel.web.portal"
    label = "portal"
