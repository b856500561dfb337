"""Questionnaires that patients answer, and ratings that clinicians give: the whole door.

Asking, answering and rating are three modules; callers need not know which.
"""

from evenkeel.web.records.services.answering import (
    KIND,
    Saved,
    answers_of,
    finish,
    save_answer,
    scale_for,
)
from evenkeel.web.records.services.asking import (
    REMIND_AFTER,
    expire,
    remind,
    remind_due,
    send,
    send_due,
    send_own_page,
)
from evenkeel.web.records.services.ratings import record_answers, record_rating
from evenkeel.web.records.services.scoring import NotSent, current_course

__all__ = [
    "KIND",
    "REMIND_AFTER",
    "NotSent",
    "Saved",
    "answers_of",
    "current_course",
    "expire",
    "finish",
    "record_answers",
    "record_rating",
    "remind",
    "remind_due",
    "save_answer",
    "scale_for",
    "send",
    "send_due",
    "send_own_page",
]
