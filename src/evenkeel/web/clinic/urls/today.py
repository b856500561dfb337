"""Addresses of the worklist: what waits today, tasks, messages, questionnaires, ratings."""

from django.urls import path

from evenkeel.web.clinic.views import ratings, tasks, today

urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/safety/", today.safety, name="today_safety"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/take/", tasks.take, name="task_take"),
    path("tasks/<int:pk>/hand-over/", tasks.hand_over, name="task_hand_over"),
    path("messages/<int:pk>/again/", today.send_again, name="mail_again"),
    path("requests/<int:pk>/remind/", today.remind, name="remind"),
    path("patients/<str:number>/questionnaires/", ratings.send, name="send_questionnaire"),
    path("patients/<str:number>/own-page/", ratings.own_page, name="own_page"),
    path("patients/<str:number>/contact/", ratings.contact, name="contact"),
    path("patients/<str:number>/ratings/", ratings.record, name="record_rating"),
]
