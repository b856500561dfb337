"""One question on a page, with a way back, and a way to stop and go on later."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.core.instruments import ImpossibleAnswer, Scale
from evenkeel.web.portal.access import with_link
from evenkeel.web.portal.views.help import callback
from evenkeel.web.records.models import SingleUseLink
from evenkeel.web.records.services import links, questionnaires

KIND = SingleUseLink.Kind.QUESTIONNAIRE
CHOOSE = "Choose one answer, or press “I would rather not answer”."


def saved_at(link: SingleUseLink) -> datetime | None:
    """When the last answer was kept."""
    written = link.progress.get("saved_at")
    return datetime.fromisoformat(written) if written else None


@require_GET
@with_link(KIND)
def begin(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """What is asked and how long it takes; or straight to the first open question."""
    scale = questionnaires.scale_for(link)
    answers = questionnaires.answers_of(link)
    if answers:
        return redirect(*_next_open(link, scale))
    return render(request, "portal/begin.html", {"link": link, "scale": scale})


def _next_open(link: SingleUseLink, scale: Scale) -> tuple[str, int, int] | tuple[str, int]:
    answers = questionnaires.answers_of(link)
    for number, item in enumerate(scale.items, start=1):
        if item.id not in answers:
            return "portal:question", link.pk, number
    return "portal:last", link.pk


@require_http_methods(["GET", "HEAD", "POST"])
@with_link(KIND)
def question(request: HttpRequest, link: SingleUseLink, number: int) -> HttpResponse:
    """Show one question, or keep its answer and go where the pressed button leads."""
    scale = questionnaires.scale_for(link)
    if not 1 <= number <= len(scale.items):
        raise Http404("There is no such question.")
    refusal = ""
    if request.method == "POST":
        act = request.POST.get("act", "next")
        chosen = request.POST.get("answer", "")
        answered = act == "skip" or bool(chosen)
        if answered:
            try:
                saved = questionnaires.save_answer(
                    link_id=link.pk,
                    item=scale.items[number - 1].id,
                    answer=None if act == "skip" else int(chosen),
                    at=timezone.now(),
                )
            except (ImpossibleAnswer, ValueError):
                refusal = CHOOSE
            else:
                if saved.task is not None:
                    return redirect("portal:call", link.pk)
        elif act == "next":
            refusal = CHOOSE
        if not refusal:
            return _onward(link, scale, number, act)
    answers = questionnaires.answers_of(link)
    item = scale.items[number - 1]
    context = {
        "link": link,
        "scale": scale,
        "item": item,
        "number": number,
        "total": len(scale.items),
        "chosen": answers.get(item.id),
        "skipped": item.id in answers and answers[item.id] is None,
        "saved_at": saved_at(link),
        "refusal": refusal,
    }
    return render(request, "portal/question.html", context, status=422 if refusal else 200)


def _onward(link: SingleUseLink, scale: Scale, number: int, act: str) -> HttpResponse:
    if act == "later":
        return redirect("portal:later", link.pk)
    if act == "back":
        return redirect("portal:question", link.pk, max(1, number - 1))
    if number == len(scale.items):
        return redirect("portal:last", link.pk)
    return redirect("portal:question", link.pk, number + 1)


@require_GET
@with_link(KIND)
def call(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """After a positive safety item: whom to call, before anything else."""
    if not link.progress.get("safety_positive"):
        return redirect("portal:form", link.pk)
    scale = questionnaires.scale_for(link)
    name, *args = _next_open(link, scale)
    context = {
        "link": link,
        "saved_at": saved_at(link),
        "onward": (name, args),
        "last": name == "portal:last",
        "next_number": args[-1],
        **callback(link),
    }
    return render(request, "portal/call.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_link(KIND, finished=True)
def last(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """Look through, then send. Sending twice sends once."""
    if link.used_at is not None:
        return redirect("portal:done", link.pk)
    links.check_alive(link, KIND, timezone.now())
    scale = questionnaires.scale_for(link)
    if request.method == "POST":
        try:
            questionnaires.finish(link_id=link.pk, at=timezone.now())
        except links.DeadLink:
            # The other of two presses was first; what it sent stands.
            link.refresh_from_db()
            if link.used_at is None:
                raise
        return redirect("portal:done", link.pk)
    answers = questionnaires.answers_of(link)
    rows = [
        {
            "number": number,
            "words": item.words,
            "answer": None if answers.get(item.id) is None else scale.words_for(answers[item.id]),
        }
        for number, item in enumerate(scale.items, start=1)
    ]
    context = {
        "link": link,
        "rows": rows,
        "open": sum(row["answer"] is None for row in rows),
        "saved_at": saved_at(link),
    }
    return render(request, "portal/last.html", context)
