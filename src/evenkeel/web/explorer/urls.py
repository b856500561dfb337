"""Public addresses below /pharmacology/. Each is a permalink; none carries a person."""

from django.urls import path

from evenkeel.web.explorer import pump_views, views

app_name = "explorer"
urlpatterns = [
    path("", views.index, name="index"),
    path("models/<str:name>/", views.model, name="model"),
    path("explore/", views.explore, name="explore"),
    path("explore/table.csv", views.table, name="table"),
    path("targets/", pump_views.targets, name="targets"),
    path("targets/scheme.csv", pump_views.scheme_table, name="scheme"),
]
