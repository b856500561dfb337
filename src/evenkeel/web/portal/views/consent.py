"""Read, show that it was understood, answer each purpose by itself, sign once."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.web.portal.access import with_link
from evenkeel.web.records.consent_texts import ConsentText
from evenkeel.web.records.models import SingleUseLink
from evenkeel.web.records.services import consent, links

KIND = SingleUseLink.Kind.CONSENT


def _steps(link: SingleUseLink) -> list[dict[str, object]]:
    now = timezone.now()
    steps = []
    for purpose in link.scope["purposes"]:
        text = consent.text_for(link, purpose, now)
        steps.append({"text": text, "done": consent.progress_of(link, text)})
    return steps


def _text_or_404(link: SingleUseLink, purpose: str) -> ConsentText:
    if purpose not in link.scope["purposes"]:
        raise Http404("This link does not ask about that.")
    return consent.text_for(link, purpose, timezone.now())


def _onward(link: SingleUseLink) -> HttpResponse:
    still = consent.open_purposes(link, timezone.now())
    return redirect("portal:read", link.pk, still[0]) if still else redirect("portal:sign", link.pk)


@require_GET
@with_link(KIND)
def begin(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """What there is to read, and what each part decides."""
    steps = _steps(link)
    context = {"link": link, "steps": steps, "started": any("answer" in s["done"] for s in steps)}
    return render(request, "portal/consent_begin.html", context)


def _place(link: SingleUseLink, purpose: str) -> dict[str, object]:
    purposes = link.scope["purposes"]
    return {"number": purposes.index(purpose) + 1, "total": len(purposes)}


@require_GET
@with_link(KIND)
def read(request: HttpRequest, link: SingleUseLink, purpose: str) -> HttpResponse:
    """The text itself."""
    text = _text_or_404(link, purpose)
    done = consent.progress_of(link, text)
    context = {"link": link, "text": text, "done": done, **_place(link, purpose)}
    return render(request, "portal/consent_read.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_link(KIND)
def check(request: HttpRequest, link: SingleUseLink, purpose: str) -> HttpResponse:
    """The questions about the text. A wrong answer is explained and may be tried again."""
    text = _text_or_404(link, purpose)
    wrong: list[str] = []
    refusal = ""
    given: dict[str, int] = {}
    if request.method == "POST":
        for question in text.questions:
            written = request.POST.get(f"q-{question.id}", "")
            if written.isdecimal() and int(written) < len(question.answers):
                given[question.id] = int(written)
        try:
            wrong = consent.check_understanding(
                link_id=link.pk, purpose=purpose, answers=given, at=timezone.now()
            )
        except consent.NotYet as fault:
            refusal = str(fault)
        else:
            if not wrong:
                return redirect("portal:choose", link.pk, purpose)
    rows = [
        {"question": question, "given": given.get(question.id), "wrong": question.id in wrong}
        for question in text.questions
    ]
    context = {"link": link, "text": text, "rows": rows, "wrong": len(wrong), "refusal": refusal}
    context |= _place(link, purpose)
    status = 422 if wrong or refusal else 200
    return render(request, "portal/consent_check.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_link(KIND)
def choose(request: HttpRequest, link: SingleUseLink, purpose: str) -> HttpResponse:
    """Yes or no, both the same size."""
    text = _text_or_404(link, purpose)
    done = consent.progress_of(link, text)
    if request.method == "POST":
        agrees = request.POST.get("answer") == "yes"
        try:
            consent.choose(link_id=link.pk, purpose=purpose, agrees=agrees, at=timezone.now())
        except consent.NotYet:
            return redirect("portal:check", link.pk, purpose)
        link.refresh_from_db()
        return _onward(link)
    context = {"link": link, "text": text, "done": done, **_place(link, purpose)}
    return render(request, "portal/consent_choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_link(KIND, finished=True)
def sign(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """All answers on one page, and one signature under them."""
    if link.used_at is not None:
        return redirect("portal:done", link.pk)
    links.check_alive(link, KIND, timezone.now())
    refusal = ""
    name = request.POST.get("name", "")
    confirmed = request.POST.get("confirmed") == "on"
    if request.method == "POST":
        try:
            consent.sign(link_id=link.pk, name=name, confirmed=confirmed, at=timezone.now())
        except consent.NotYet as fault:
            refusal = str(fault)
        except links.DeadLink:
            link.refresh_from_db()
            if link.used_at is None:
                raise
            return redirect("portal:done", link.pk)
        else:
            return redirect("portal:done", link.pk)
    link.refresh_from_db()
    context = {
        "link": link,
        "steps": _steps(link),
        "open": consent.open_purposes(link, timezone.now()),
        "refusal": refusal,
        "name": name,
        "confirmed": confirmed,
    }
    return render(request, "portal/consent_sign.html", context, status=422 if refusal else 200)
