"""The gallery of components."""

from django.urls import path

from evenkeel.web.ui import views

app_name = "ui"
urlpatterns = [
    path("gallery/", views.gallery, name="gallery"),
    path("gallery/wall/", views.wall, name="gallery-wall"),
    path("gallery/portal/", views.portal, name="gallery-portal"),
    path("gallery/print/", views.print_form, name="gallery-print"),
    path("gallery/tap/", views.tap, name="gallery-tap"),
]
