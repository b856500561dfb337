"""Addresses of the booking pages."""

from django.urls import path, register_converter

from evenkeel.web.clinic.urls.days import DayConverter
from evenkeel.web.clinic.views import booking

register_converter(DayConverter, "day")

urlpatterns = [
    path("booking/", booking.day, name="booking"),
    path("booking/<day:day>/", booking.day, name="booking_day"),
    path("booking/courses/<int:pk>/book/", booking.book, name="booking_book"),
    path("booking/treatments/<int:pk>/move/", booking.move, name="booking_move"),
    path("booking/treatments/<int:pk>/cancel/", booking.cancel, name="booking_cancel"),
    path("booking/treatments/<int:pk>/missed/", booking.missed, name="booking_missed"),
]
