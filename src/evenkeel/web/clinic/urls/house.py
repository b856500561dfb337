"""Addresses of the administrator's pages."""

from django.urls import path

from evenkeel.web.clinic.views import house, site

urlpatterns = [
    path("house/accounts/", house.accounts, name="accounts"),
    path("house/accounts/add/", house.add, name="account-add"),
    path("house/accounts/<int:pk>/password/", house.password, name="account-password"),
    path("house/accounts/<int:pk>/open/", house.open_or_close, name="account-open"),
    path("house/site/", site.switches, name="site"),
    path("house/tokens/add/", house.add_token, name="token-add"),
    path("house/tokens/<int:pk>/revoke/", house.revoke_token, name="token-revoke"),
]
