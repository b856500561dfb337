"""Public addresses below /guidelines/. Each page is a permalink of one piece of content."""

from django.urls import path

from evenkeel.web.guidelines import views

app_name = "guidelines"
urlpatterns = [
    path("", views.index, name="index"),
    path("packs/<str:name>/", views.pack, name="pack"),
    path("criteria/<str:name>/", views.criterion, name="criterion"),
    path("criteria/<str:name>/try/", views.try_it, name="try"),
    path("facts/", views.facts, name="facts"),
    path("facts/<str:name>/", views.fact, name="fact"),
    path("conflicts/", views.conflicts, name="conflicts"),
    path("conflicts/<str:name>/", views.conflict, name="conflict"),
]
