"""The public guideline browser: every page for everybody, the same bytes, and no person."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack

pytestmark = pytest.mark.django_db


def every_pack() -> Iterator[Pack]:
    yield from (library().packs | library().payers).values()


def every_criterion() -> Iterator[tuple[Criterion, Pack]]:
    for pack in every_pack():
        for criterion in pack.criteria:
            yield criterion, pack


def get(name: str, *args: str, client: Client | None = None, **more):
    return (client or Client()).get(reverse(f"guidelines:{name}", args=args), **more)


def words_of(answer) -> str:
    """The page as text, spaces and entities made plain."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(text))


def test_every_criterion_has_its_page_with_source_predicate_and_mark():
    after: dict[str, str] = {}
    for criterion, pack in every_criterion():
        answer = get("criterion", criterion.id)
        assert answer.status_code == 200, criterion.id
        page, told = answer.content.decode(), words_of(answer)
        mark = criterion.source.mark.words
        for part in (criterion.id, criterion.statement, criterion.source.at, pack.short,
                     mark[0].upper() + mark[1:], "Draft."):  # fmt: skip
            assert re.sub(r"\s+", " ", part) in told, (criterion.id, part)
        if criterion.require_text and not criterion.asked_of:
            assert criterion.require_text in told
        assert criterion.source.url.replace("&", "&amp;") in page
        if criterion.source.mark == "known-verify":
            assert "never blocks" in told
        assert ("illustrative" in told) is pack.illustrative
        found = re.search(r'rel="next" href="[^"]*/criteria/([^/"]+)/"', page)
        after[criterion.id] = found[1] if found else ""
    for pack in every_pack():  # next leads through the whole pack and ends there
        ids = [each.id for each in pack.criteria]
        assert [after[each] for each in ids] == [*ids[1:], ""]


def test_every_pack_fact_and_conflict_has_its_page():
    for pack in every_pack():
        told = words_of(get("pack", pack.id))
        assert all(each.id in told for each in pack.criteria), pack.id
        assert ("policy of no payer" in told) is pack.illustrative
    for name, fact in library().dictionary.facts.items():
        answer = get("fact", name)
        assert answer.status_code == 200, name
        assert re.sub(r"\s+", " ", fact.question) in words_of(answer)
    for conflict in library().conflicts:
        told = words_of(get("conflict", conflict.id))
        assert conflict.engine in told
        for position in conflict.positions:
            assert position.says in told
            assert all(name in told for name in position.criteria)
    assert get("facts").status_code == get("conflicts").status_code == 200


def test_the_index_lists_each_pack_once_under_its_country():
    answer = get("index").content.decode()
    for pack in every_pack():
        assert answer.count(f'href="{reverse("guidelines:pack", args=[pack.id])}"') == 1, pack.id
    assert answer.index("United States") < answer.index("European Union")
    assert "The policy of no payer" in answer or "policy of no payer" in answer


def test_no_page_needs_or_leaves_a_cookie_and_the_same_page_is_not_sent_twice():
    for name, *args in (("index",), ("criterion", "SPVUS-011"), ("pack", "esketamine-eu"),
                        ("fact", "systolic_bp"), ("conflicts",), ("conflict", "C02")):  # fmt: skip
        first = get(name, *args)
        assert not first.cookies
        assert "Cookie" not in first.get("Vary", "")
        assert first["Cache-Control"].startswith("public")
        again = get(name, *args, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert get(name, *args)["ETag"] == first["ETag"]


def test_no_session_is_read_where_a_second_factor_is_asked_for(settings):
    settings.EVENKEEL_MFA_REQUIRED = True
    answer = get("criterion", "SPVUS-011")
    assert answer.status_code == 200
    assert "Cookie" not in answer.get("Vary", "")


def test_a_reader_who_is_signed_in_gets_the_same_bytes(django_user_model):
    user = django_user_model.objects.create_user(
        username="n.reader", role="nurse", first_name="Nadia", last_name="Reader"
    )
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert get("criterion", "APA-001", client=client).content == get("criterion", "APA-001").content


@pytest.mark.parametrize(
    ("name", "asked", "nearest"),
    [
        ("criterion", "SPVUS-11", "SPVUS-011"),
        ("pack", "esketamine-usa", "esketamine-us"),
        ("fact", "systolic_pb", "systolic_bp"),
        ("conflict", "C022", "C02"),
    ],
)
def test_a_name_that_is_not_there_is_404_with_the_nearest(name: str, asked: str, nearest: str):
    answer = get(name, asked)
    assert answer.status_code == 404
    assert f'href="{reverse(f"guidelines:{name}", args=[nearest])}"' in answer.content.decode()


def test_nonsense_is_404_without_a_guess_and_safely_written():
    answer = get("criterion", "<b>%00zzzzqqqq")
    assert answer.status_code == 404
    assert b"<b>%00" not in answer.content
    assert "Nothing here looks like it" in answer.content.decode()


def test_an_id_in_small_letters_leads_to_its_page():
    answer = get("criterion", "spvus-011")
    assert answer.status_code == 301
    assert answer["Location"] == reverse("guidelines:criterion", args=["SPVUS-011"])


# -- search ---------------------------------------------------------------------------


def found(**query: str) -> list[str]:
    answer = Client().get(reverse("guidelines:index"), query)
    return re.findall(r'class="criterion-id" href="[^"]*">([^<]+)<', answer.content.decode())


def test_search_finds_words_of_statements_and_of_questions():
    assert "SPVUS-006" in found(words="aneurysm")
    assert "SPVUS-006" in found(words="ANEURYSM aorta")
    assert found(words="aneurysm zzz") == []
    # No statement says "mother" or the like: the question of a fact does.
    fact = library().dictionary["failed_adequate_trials"]
    assert "SPVUS-002" in found(words=fact.label)


def test_filters_narrow_what_is_found():
    assert set(found(strength="must", stage="screening", country="eu")) == {
        each.id
        for each in library().packs["esketamine-eu"].criteria
        if each.strength == "must" and each.stage == "screening"
    }
    assert found(strength="nonsense", words="aneurysm") == found(words="aneurysm")


def test_the_packs_before_and_after_go_by_their_names():
    packs = list(library().packs.values())
    page = Client().get(reverse("guidelines:pack", args=[packs[1].id])).content.decode()
    beside = html.unescape(
        page.partition('aria-label="Before and after"')[2].partition("</nav>")[0]
    )
    assert f"</span>{packs[0].short}<" in beside
    assert f"</span>{packs[2].short}<" in beside


def test_a_pack_is_filtered_by_strength_and_stage():
    page = Client().get(reverse("guidelines:pack", args=["esketamine-us"]),
                        {"strength": "must", "stage": "day"}).content.decode()  # fmt: skip
    shown = set(re.findall(r'class="criterion-id" href="[^"]*">([^<]+)<', page))
    assert shown == {
        each.id
        for each in library().packs["esketamine-us"].criteria
        if (each.strength, each.stage) == ("must", "day")
    }


# -- who says otherwise -----------------------------------------------------------------


def test_a_criterion_shows_all_sides_of_its_conflict_by_country():
    told = words_of(get("criterion", "SPVEU-010"))
    for part in ("Pressure before the dose", "European Union", "United States", "this criterion",
                 "Above 140/90 weigh delay against need", "SPVUS-011"):  # fmt: skip
        assert part in told


def test_a_criterion_shows_others_on_its_topic():
    told = words_of(get("criterion", "SPVUS-002"))
    assert "Others on the same topic" in told
    assert "CANMAT-001" in told
    assert "AU-001" in told  # it names the topic besides its own


# -- trying ----------------------------------------------------------------------------


def try_it(name: str, **typed: str):
    return Client().post(reverse("guidelines:try", args=[name]), typed)


@pytest.mark.parametrize(
    ("age", "words"),
    [("17", "Not met"), ("18", "Met"), ("17 to 18", "Unknown"), ("", "Unknown")],
)
def test_trying_an_age_gives_the_finding_with_its_reason(age: str, words: str):
    answer = try_it("SPVUS-001", age_years=age)
    assert answer.status_code == 200
    finding = re.search(r'class="big-finding">(.*?)</p>', answer.content.decode(), re.DOTALL)
    assert finding
    assert re.sub(r"<[^>]+>", "", finding[1]).strip() == words
    assert answer["Cache-Control"] == "no-store"


def test_trying_keeps_no_value_in_an_address_or_a_table():
    from django.contrib.sessions.models import Session

    answer = try_it("SPVUS-011", systolic_bp="148", diastolic_bp="88")
    assert "a prescriber must judge" in answer.content.decode().lower()
    assert "148" not in answer.request["QUERY_STRING"]
    assert not Session.objects.exists()


@pytest.mark.parametrize("typed", ["old", "-4", "400", "1e9", "9" * 70])
def test_a_value_that_cannot_be_is_refused_beside_its_field(typed: str):
    answer = try_it("SPVUS-001", age_years=typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert "big-finding" not in answer.content.decode()


def test_a_criterion_of_each_kind_can_be_tried_with_nothing_known():
    kinds = {
        (pack.id, each.stage, each.asked_of, each.require is None): each
        for each, pack in every_criterion()
        if pack.order % 3 == 0 or pack.is_payers
    }
    for criterion in kinds.values():
        answer = try_it(criterion.id)
        assert answer.status_code == 200, criterion.id
        assert "big-finding" in answer.content.decode()


def test_trying_needs_the_forms_token():
    client = Client(enforce_csrf_checks=True)
    address = reverse("guidelines:try", args=["SPVUS-001"])
    assert client.post(address, {"age_years": "17"}).status_code == 403
    page = client.get(address).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    sent = {"age_years": "17", "csrfmiddlewaretoken": token[1]}
    assert client.post(address, sent).status_code == 200
