"""Public pages. They translate and decide nothing; none of them asks who reads."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evenkeel.core.guidelines.authoring.reading import in_words
from evenkeel.core.guidelines.packs.conflicts import DOES_WORDS
from evenkeel.core.guidelines.packs.jurisdictions import JURISDICTION_WORDS
from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.guidelines import links, one_criterion, one_fact, trying
from evenkeel.web.guidelines.public import answer, answer_form, missing
from evenkeel.web.guidelines.search import Wanted, find
from evenkeel.web.guidelines.words import (
    MARK_MEANS,
    MARK_SHORT,
    STAGE_WORDS,
    STRENGTH_MEANS,
    in_force_words,
)
from evenkeel.web.ui.words import local


def _wanted(request: HttpRequest) -> Wanted:
    def one_of(name: str, known: Any) -> str:
        chosen = request.GET.get(name, "")
        return chosen if chosen in known else ""

    return Wanted(
        words=request.GET.get("words", "").strip()[:200],
        strength=one_of("strength", STRENGTH_MEANS),
        stage=one_of("stage", STAGE_WORDS),
        country=one_of("country", JURISDICTION_WORDS),
    )


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Packs by country and organisation, or what a search found."""
    content = library()
    wanted = _wanted(request)
    packs = list(content.packs.values())
    spoken_for = {each.jurisdiction for each in links.every_pack().values()}
    countries = [each for each in JURISDICTION_WORDS.items() if each[0] in spoken_for]
    context = {
        "section": "packs",
        "wanted": wanted,
        "found": find(wanted) if wanted.anything else None,
        "countries": countries,
        "strengths": list(STRENGTH_MEANS),
        "stages": list(STAGE_WORDS.items()),
        "groups": [
            {"country": country, "packs": [links.pack_line(each) for each in group]}
            for country, group in links.by_country(packs)
        ],
        "payers": [links.pack_line(each) for each in content.payers.values()],
        "counts": {
            "packs": len(packs),
            "criteria": sum(len(each.criteria) for each in packs),
            "facts": sum(not n.startswith("says_") for n in content.dictionary.facts),
            "conflicts": len(content.conflicts),
        },
        "marks": [(MARK_SHORT[mark], means) for mark, means in MARK_MEANS.items()],
        "strength_means": list(STRENGTH_MEANS.items()),
    }
    return answer(request, "guidelines/index.html", context)


@require_safe
def pack(request: HttpRequest, name: str) -> HttpResponse:
    """One pack: its criteria by topic and stage."""
    packs = links.every_pack()
    if name not in packs:
        return _astray(request, "pack", name, packs)
    shown, wanted = packs[name], _wanted(request)
    order = list(STAGE_WORDS)
    groups = []
    for topic in library().topics.values():
        mine = [
            each
            for each in shown.criteria
            if each.topic == topic.id
            and wanted.strength in ("", each.strength)
            and wanted.stage in ("", each.stage)
        ]
        mine.sort(key=lambda each: order.index(each.stage))
        if mine:
            lines = [links.criterion_line(each, shown) for each in mine]
            groups.append({"topic": topic.label, "criteria": lines})
    context = {
        "pack": links.pack_line(shown),
        "in_force": in_force_words(shown.since, shown.until),
        "parameters": shown.parameters,
        "groups": groups,
        "count": sum(len(each["criteria"]) for each in groups),
        "wanted": wanted,
        "strengths": [s for s in STRENGTH_MEANS if any(c.strength == s for c in shown.criteria)],
        "stages": [s for s in STAGE_WORDS.items() if any(c.stage == s[0] for c in shown.criteria)],
        **_around(
            list(packs), name, "guidelines:pack", {key: each.short for key, each in packs.items()}
        ),
    }
    return answer(request, "guidelines/pack.html", context)


@require_safe
def criterion(request: HttpRequest, name: str) -> HttpResponse:
    """One criterion, and who else says otherwise."""
    known = links.every_criterion()
    if name not in known:
        return _astray(request, "criterion", name, known)
    return answer(request, "guidelines/criterion.html", one_criterion.page(*known[name]))


@require_http_methods(["GET", "HEAD", "POST"])
def try_it(request: HttpRequest, name: str) -> HttpResponse:
    """A criterion tried on an example person. Nothing is kept, and nothing in an address."""
    known = links.every_criterion()
    if name not in known:
        return _astray(request, "criterion", name, known)
    tried, shown = known[name]
    typed = {key: str(value) for key, value in request.POST.items()}
    filled = trying.fields(tried, typed)
    faulty = any(each["fault"] for each in filled)
    today = local(timezone.now()).date()
    asked = request.method == "POST"
    context = {
        "criterion": tried,
        "pack": links.pack_line(shown),
        "fields": filled,
        "faulty": faulty,
        "finding": trying.finding(tried, filled, today) if asked and not faulty else None,
    }
    return answer_form(request, "guidelines/try.html", context, status=422 if faulty else 200)


@require_safe
def facts(request: HttpRequest) -> HttpResponse:
    """All facts that criteria read, by name."""
    read = {name for each, _ in links.every_criterion().values() for name in each.facts}
    words = library().dictionary
    lines = [
        links.fact_line(each)
        for each in sorted(words.facts.values(), key=lambda fact: fact.label.casefold())
        if each.name in read and not each.name.startswith("says_")
    ]
    return answer(request, "guidelines/facts.html", {"facts": lines, "section": "facts"})


@require_safe
def fact(request: HttpRequest, name: str) -> HttpResponse:
    """One fact: its question, its kind, where it is found, who reads it."""
    words = library().dictionary
    if name not in words:
        return _astray(request, "fact", name, words.facts)
    return answer(request, "guidelines/fact.html", one_fact.page(words[name]))


@require_safe
def conflicts(request: HttpRequest) -> HttpResponse:
    """Where guidelines part."""
    lines = [
        links.conflict_line(each)
        | {"does": DOES_WORDS[each.does],
           "sides": [links.position_line(side) for side in each.positions]}
        for each in library().conflicts
    ]  # fmt: skip
    return answer(
        request, "guidelines/conflicts.html", {"conflicts": lines, "section": "conflicts"}
    )


@require_safe
def conflict(request: HttpRequest, name: str) -> HttpResponse:
    """One conflict: its sides by country, and what is done about it."""
    content = library()
    known = {each.id: each for each in content.conflicts}
    if name not in known:
        return _astray(request, "conflict", name, known)
    shown = known[name]
    context = {
        "conflict": shown,
        "does": DOES_WORDS[shown.does],
        "topics": [content.topics[each].label for each in shown.topics],
        "sides": [links.position_line(each) for each in shown.positions],
        "about": [links.fact_line(content.dictionary[each]) for each in shown.about],
        "when": in_words(shown.when, content.dictionary) if shown.when is not None else "",
        **_around(list(known), name, "guidelines:conflict"),
    }
    return answer(request, "guidelines/conflict.html", context)


def _astray(request: HttpRequest, what: str, name: str, known: Any) -> HttpResponse:
    """The page of that name in another case, or 404 with the nearest names."""
    address = f"guidelines:{what}"
    same = [each for each in known if each.lower() == name.lower()]
    if same and request.method in ("GET", "HEAD"):
        return redirect(reverse(address, args=[same[0]]), permanent=True)
    return missing(request, what, name, known, address)


def _around(
    names: list[str], name: str, address: str, titles: dict[str, str] | None = None
) -> dict[str, Any]:
    """What stands before and after; by their titles, where readers know them by those."""
    place = names.index(name)
    return {
        side: {
            "id": (titles or {}).get(names[at], names[at]),
            "href": reverse(address, args=[names[at]]),
        }
        for side, at in {"before": place - 1, "after": place + 1}.items()
        if 0 <= at < len(names)
    }
