"""Every address of the house. Staff pages stand at the root, patients' under /my/."""

from django.urls import include, path, re_path

from evenkeel.web.config import doors

urlpatterns = [
    path("", doors.home, name="home"),
    path("healthz", doors.healthz, name="healthz"),
    # The clinic's administrator sees to passwords and addresses: the library's own ways stay shut.
    re_path(
        r"^accounts/(?P<door>(?:password/(?:reset|set)|email|confirm-email)/.*)$",
        doors.shut,
        name="account-shut",
    ),
    path("accounts/", include("allauth.urls")),
    path("ui/", include("evenkeel.web.ui.urls")),
    path("live/", include("evenkeel.web.live.urls")),
    path("my/", include("evenkeel.web.portal.urls")),
    path("guidelines/", include("evenkeel.web.guidelines.urls")),
    path("pharmacology/", include("evenkeel.web.explorer.urls")),
    path("", include("evenkeel.edges.fhir.urls")),
    path("", include("evenkeel.edges.cds.urls")),
    path("", include("evenkeel.web.clinic.urls")),
]
