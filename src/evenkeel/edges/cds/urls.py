"""Addresses of CDS Hooks, with and without the last slash: senders write both."""

from django.urls import path

from evenkeel.edges.cds import views

app_name = "cds"
urlpatterns = [
    path("cds-services", views.services_list, name="services"),
    path("cds-services/", views.services_list, name="services-slash"),
    path("cds-services/<str:service_id>", views.service, name="service"),
    path("cds-services/<str:service_id>/", views.service, name="service-slash"),
    path("cds-services/<str:service_id>/feedback", views.feedback, name="feedback"),
    path("cds-services/<str:service_id>/feedback/", views.feedback, name="feedback-slash"),
]
