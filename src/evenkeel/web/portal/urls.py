"""What patients open, all below /my/. A link is swapped for a session, so that its
token stands in no later address, log or history entry."""

from django.urls import path

from evenkeel.web.portal.views import consent, entry, graph, help, questions

app_name = "portal"
urlpatterns = [
    path("", graph.home, name="home"),
    path("list/", graph.home_list, name="home_list"),
    path("copy.csv", graph.copy, name="copy"),
    path("help/", help.numbers, name="help"),
    path("offline.js", help.worker, name="worker"),
    path("l/<str:token>/", entry.open_link, name="link"),
    path("f/<int:link_id>/", entry.form, name="form"),
    path("f/<int:link_id>/later/", entry.later, name="later"),
    path("f/<int:link_id>/done/", entry.done, name="done"),
    # questionnaires
    path("f/<int:link_id>/begin/", questions.begin, name="begin"),
    path("f/<int:link_id>/<int:number>/", questions.question, name="question"),
    path("f/<int:link_id>/call/", questions.call, name="call"),
    path("f/<int:link_id>/last/", questions.last, name="last"),
    # consent
    path("f/<int:link_id>/read/", consent.begin, name="consent"),
    path("f/<int:link_id>/read/<str:purpose>/", consent.read, name="read"),
    path("f/<int:link_id>/check/<str:purpose>/", consent.check, name="check"),
    path("f/<int:link_id>/choose/<str:purpose>/", consent.choose, name="choose"),
    path("f/<int:link_id>/sign/", consent.sign, name="sign"),
    # own scores by a link
    path("f/<int:link_id>/scores/", graph.by_link, name="scores"),
]
