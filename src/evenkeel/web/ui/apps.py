"""The app of components, tokens and frames; it owns no tables."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, static files and the `ui` template tags."""

    name = "evenkeel.web.ui"
    label = "ui"
