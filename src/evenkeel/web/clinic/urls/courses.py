"""Addresses of the course pages."""

from django.urls import path

from evenkeel.web.clinic.views import courses, decisions, expected

urlpatterns = [
    path("patients/<str:number>/courses/", courses.of_person, name="courses"),
    path("patients/<str:number>/course/plan/", courses.plan, name="course_plan"),
    path("courses/protocols/", courses.protocol_list, name="protocols"),
    path("courses/<int:pk>/", courses.course, name="course"),
    path("courses/<int:pk>/expected/", expected.of_course, name="course_expected"),
    path("patients/<str:number>/model-answer/", expected.answer, name="model_answer"),
    path("courses/<int:pk>/series/", courses.series, name="course_series"),
    path("courses/<int:pk>/accept/", decisions.accept, name="decision_accept"),
    path("courses/<int:pk>/otherwise/", decisions.otherwise, name="decision_otherwise"),
    path("courses/<int:pk>/pause/", decisions.pause, name="course_pause"),
    path("courses/<int:pk>/stop/", decisions.stop, name="decision_stop"),
]
