"""Every address, asked as everybody.

The table below is written by hand from what each role's work needs, apart from
records.permissions, so that the two can disagree. An address that is not in it,
or a line of it that no address has, fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from tests.support.matrix import (
    ANYBODY,
    NAMES,
    TOO_LARGE,
    Answer,
    Everything,
    addresses,
    ask,
    log_lines,
)
from tests.support.people import ROLES

EVERYBODY = (ANYBODY, *ROLES)
# - is somebody not signed in; ALL is everybody; . is nobody.
LETTERS = {
    "C": "coordinator", "N": "nurse", "P": "prescriber", "D": "pharmacist", "R": "researcher",
    "A": "administrator", "T": "patient", "-": ANYBODY,
}  # fmt: skip

# Pages about a second factor that nobody here has yet are nobody's; so are a library's ways to a
# password or an address past the administrator.
# address, what stands in it, who may open it (GET), who may act on it (POST)
TABLE = """
home                                .                      CNPDRAT  .
healthz                             .                      ALL      .
clinic:today                        .                      CNPD     .
clinic:today_safety                 .                      CNPD     .
clinic:task                         task                   CNPD     CNPD
clinic:task_take                    task                   .        CNPD
clinic:task_hand_over               task                   .        CNPD
clinic:mail_again                   mail                   .        CNP
clinic:remind                       request                .        CNP
clinic:send_questionnaire           number                 CNP      CNP
clinic:own_page                     number                 .        CNP
clinic:contact                      number                 .        CNP
clinic:record_rating                number                 NP       NP
clinic:referrals                    .                      CNPD     .
clinic:referral-add                 .                      CP       CP
clinic:referral                     referral               CNPD     .
clinic:referral-file                referral               CNPD     .
clinic:referral-entry               referral,=1            CNPD     .
clinic:patients                     .                      CNPD     .
clinic:patient                      number                 CNPD     .
clinic:screening                    number                 CNPD     .
clinic:screening_answer             number                 .        CNP
clinic:screening_decide             number                 .        P
clinic:screening_fact               number,=pregnant       CNPD     .
clinic:screening_pack               number,=apa-2017       CNPD     .
clinic:screening_decision           number,decision        CNPD     .
clinic:screening_decision_again     number,decision        CNPD     .
clinic:guideline_changes            .                      CNPD     .
clinic:guideline_change             review                 CNPD     .
clinic:trials                       number                 CNPD     .
clinic:trial_add                    number                 CNP      CNP
clinic:trial_correct                number,=0              CNP      CNP
clinic:trial_remove                 number,=0              .        CNP
clinic:packets                      number                 CP       .
clinic:packet_issue                 number                 .        CP
clinic:packet                       packet                 CP       .
clinic:packet_file                  packet                 CP       .
clinic:consent                      number                 CNPD     .
clinic:consent_ask                  number                 .        CNP
clinic:consent_withdraw             number                 .        CNP
clinic:consent_record               record                 CNPD     .
clinic:courses                      number                 CNPD     .
clinic:course_plan                  number                 CP       CP
clinic:protocols                    .                      CNPDRA   .
clinic:course                       course                 CNPD     .
clinic:course_expected              course                 CNPD     .
clinic:model_answer                 number                 .        CNP
clinic:course_series                course                 CNP      CNP
clinic:decision_accept              course                 .        P
clinic:decision_otherwise           course                 P        P
clinic:decision_stop                course                 P        P
clinic:course_pause                 course                 P        P
clinic:booking                      .                      CNP      .
clinic:booking_day                  =2026-11-27            CNP      .
clinic:booking_book                 course                 .        CNP
clinic:booking_move                 booked                 .        CNP
clinic:booking_cancel               booked                 .        CNP
clinic:booking_missed               booked                 .        CNP
clinic:day                          .                      CNPD     .
clinic:treatment                    booked                 CNPD     .
clinic:treatment                    running                CNPD     .
clinic:treatment                    over                   CNPD     .
clinic:check-in                     booked                 .        CNP
clinic:gate                         booked                 CNPD     .
clinic:gate                         running                CNPD     .
clinic:gate-answer                  booked,=fasting        .        NP
clinic:gate-answer                  booked,=pressure       .        NP
clinic:gate-answer                  running,=weight        .        NP
clinic:gate-override                booked,=fasting        .        NP
clinic:gate-go                      booked                 .        NP
clinic:gate-go                      running                .        NP
clinic:treatment-cancel             booked                 .        NP
clinic:dose                         booked                 CNPD     .
clinic:dose                         running                CNPD     .
clinic:dose-order                   booked                 .        P
clinic:dose-first                   booked                 .        NPD
clinic:dose-first                   running                .        NPD
clinic:dose-second                  booked                 .        NPD
clinic:dose-second                  running                .        NPD
clinic:dose-start                   booked                 .        NP
clinic:dose-start                   running                .        NP
clinic:live                         booked                 CNPD     .
clinic:live                         running                CNPD     .
clinic:live                         over                   CNPD     .
clinic:live-parts                   running                CNPD     .
clinic:live-parts                   booked                 CNPD     .
clinic:leave-override               over,=escort           NP       NP
clinic:flowsheet-json               running                CNPD     .
clinic:flowsheet-json               booked                 CNPD     .
clinic:treatment-sheet              over                   CNPD     .
clinic:treatment-sheet              booked                 CNPD     .
clinic:treatment-act                running                .        NP
clinic:floor                        .                      CNPD     .
clinic:floor-wall                   .                      CNPD     .
clinic:floor-parts                  .                      CNPD     .
clinic:register                     .                      NPDA     .
clinic:register-receive             .                      D        D
clinic:register-count               .                      NPD      NPD
clinic:register-waste               container              NPD      NPD
clinic:devices                      .                      NPA      .
clinic:device-register              .                      A        A
clinic:device-message               message                NPA      .
clinic:cds                          .                      DA       .
clinic:cds-add                      .                      A        A
clinic:cds-change                   cds_client             A        A
clinic:cds-enable                   cds_client             .        A
clinic:ledger                       .                      PA       .
clinic:ledger-check                 .                      .        PA
clinic:ledger-proof                 .                      PA       .
clinic:accounts                     .                      A        .
clinic:account-add                  .                      A        A
clinic:account-password             account                .        A
clinic:account-open                 account                .        A
clinic:site                         .                      A        A
clinic:token-add                    .                      A        A
clinic:token-revoke                 token                  .        A
clinic:roster                       .                      CA       CA
clinic:shift-remove                 shift                  .        CA
clinic:chair-add                    .                      .        A
clinic:chair-use                    chair                  .        A
ui:gallery                          .                      CNPDRA   .
ui:gallery-wall                     .                      CNPDRA   .
ui:gallery-portal                   .                      CNPDRA   .
ui:gallery-print                    .                      CNPDRA   .
ui:gallery-tap                      .                      .        CNPDRA
live:floor                          .                      CNPD     .
live:treatment                      running                CNPD     .
guidelines:index                    .                      ALL      .
guidelines:pack                     =apa-2017              ALL      .
guidelines:criterion                =APA-001               ALL      .
guidelines:try                      =APA-001               ALL      ALL
guidelines:facts                    .                      ALL      .
guidelines:fact                     =pregnant              ALL      .
guidelines:conflicts                .                      ALL      .
guidelines:conflict                 =C02                   ALL      .
explorer:index                      .                      ALL      .
explorer:model                      =domino_1982_tci       ALL      .
explorer:explore                    .                      ALL      .
explorer:table                      .                      ALL      .
explorer:targets                    .                      ALL      .
explorer:scheme                     .                      ALL      .
portal:home                         .                      T        .
portal:home_list                    .                      T        .
portal:copy                         .                      T        .
portal:help                         .                      ALL      .
portal:worker                       .                      ALL      .
portal:link                         =no-such-token         .        .
portal:form                         link                   .        .
portal:later                        link                   .        .
portal:done                         link                   .        .
portal:begin                        link                   .        .
portal:question                     link,=1                .        .
portal:call                         link                   .        .
portal:last                         link                   .        .
portal:consent                      form                   .        .
portal:read                         form,=contact          .        .
portal:check                        form,=contact          .        .
portal:choose                       form,=contact          .        .
portal:sign                         form                   .        .
portal:scores                       graph                  .        .
fhir:bundle                         .                      .        .
fhir:fhir/                          .                      .        .
fhir:metadata                       .                      ALL      .
cds:services                        .                      ALL      .
cds:services-slash                  .                      ALL      .
cds:service                         =ketamine-order-sign   .        .
cds:service-slash                   =ketamine-order-sign   .        .
cds:feedback                        =ketamine-order-sign   .        .
cds:feedback-slash                  =ketamine-order-sign   .        .
account-shut                        =email/                .        .
account_login                       .                      ALL      ALL
account_logout                      .                      ALL      ALL
account_inactive                    .                      ALL      .
account_signup                      .                      ALL      ALL
account_reauthenticate              .                      CNPDRAT  CNPDRAT
account_email                       .                      .        .
account_email_verification_sent     .                      .        .
account_change_password             .                      CNPDRAT  CNPDRAT
account_set_password                .                      .        .
account_reset_password              .                      .        .
account_reset_password_done         .                      .        .
account_reset_password_from_key     =0,=no-such-key        .        .
account_reset_password_from_key_done  .                    .        .
account_confirm_login_code          .                      ALL      ALL
account_confirm_email               =no-such-key           .        .
mfa_index                           .                      CNPDRAT  .
mfa_authenticate                    .                      ALL      ALL
mfa_reauthenticate                  .                      CNPDRAT  CNPDRAT
mfa_activate_totp                   .                      CNPDRAT  CNPDRAT
mfa_deactivate_totp                 .                      .        .
mfa_view_recovery_codes             .                      .        .
mfa_generate_recovery_codes         .                      CNPDRAT  CNPDRAT
mfa_download_recovery_codes         .                      .        .
mfa_list_webauthn                   .                      CNPDRAT  .
mfa_add_webauthn                    .                      CNPDRAT  CNPDRAT
mfa_reauthenticate_webauthn         .                      CNPDRAT  CNPDRAT
mfa_remove_webauthn                 =1                     CNPDRAT  CNPDRAT
mfa_edit_webauthn                   =1                     CNPDRAT  CNPDRAT
mfa_login_webauthn                  .                      ALL      ALL
"""


class Line:
    """One line of the table."""

    def __init__(self, text: str) -> None:
        self.name, things, see, do = text.split()
        self.things = [] if things == "." else things.split(",")
        self.see, self.do = _roles(see), _roles(do)

    def path(self, ids: dict[str, Any], *, instead: str | None = None) -> str:
        """The address; ``instead`` stands in for its first id."""
        args = [t.removeprefix("=") if t.startswith("=") else ids[t] for t in self.things]
        if instead is not None:
            args[0] = instead
        if self.name == "fhir:fhir/":
            return reverse("fhir:bundle") + "/"
        return reverse(self.name, args=args)

    @property
    def has_id(self) -> bool:
        return bool(self.things) and not self.things[0].startswith("=")


def _roles(letters: str) -> frozenset[str]:
    if letters == "ALL":
        return frozenset(EVERYBODY)
    return frozenset(LETTERS[letter] for letter in letters if letter != ".")


LINES = [Line(text) for text in TABLE.strip().splitlines()]
# A stream has no end; it is asked by a test of its own.
ASKED = [line for line in LINES if not line.name.startswith("live:")]


@pytest.fixture(scope="module")
def clinic(fresh_database: str, django_db_blocker: Any) -> Iterator[Everything]:
    with django_db_blocker.unblock():
        yield Everything(timezone.now())


@pytest.fixture(autouse=True)
def silence_on_names(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever is asked here, no line of the log bears a name."""
    with log_lines() as lines:
        yield
    told = [line for line in lines if any(name.lower() in line.lower() for name in NAMES)]
    assert told == []


def test_the_table_names_every_address_and_no_other():
    real = {one.name for one in addresses()}
    assert {line.name for line in LINES} - real == set(), "the table has addresses that are gone"
    assert real - {line.name for line in LINES} == set(), "these addresses are not in the table"


def test_only_the_doors_for_machines_take_posts_without_a_forms_token():
    open_to_forgery = {one.name for one in addresses() if getattr(one.view, "csrf_exempt", False)}
    assert open_to_forgery == {
        "fhir:bundle", "fhir:fhir/", "cds:services", "cds:services-slash", "cds:service",
        "cds:service-slash", "cds:feedback", "cds:feedback-slash",
    }  # fmt: skip


def test_lines_about_one_address_agree():
    said: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for line in LINES:
        assert said.setdefault(line.name, (line.see, line.do)) == (line.see, line.do), line.name


def test_what_the_asking_writes_is_seen_and_taken_back(clinic: Everything) -> None:
    path = reverse("clinic:check-in", args=[clinic.ids["booked"]])
    first, again = (ask(clinic.browser("nurse"), "post", path) for _ in range(2))
    assert {"records_treatmentevent", "ledger_entry"} <= first.wrote
    assert first.wrote == again.wrote
    assert first.to == again.to == reverse("clinic:gate", args=[clinic.ids["booked"]])


# -- opening -------------------------------------------------------------------------


@pytest.mark.parametrize("role", EVERYBODY)
def test_opening_every_address(clinic: Everything, role: str) -> None:
    faults = []
    for line in ASKED:
        path = line.path(clinic.ids)
        got = ask(clinic.browser(role), "get", path)
        told = [*_page_faults(got), *_person_faults(line, role, got)]
        if role in line.see:
            told += _opened(role, got)
        else:
            told += _refused(role, got)
        faults += [f"{path}: {words}" for words in told]
    assert not faults, "\n".join(faults)


# A look at a person's record is written down; opening writes nothing else.
LOOK = {"ledger_entry", "ledger_head"}


def _opened(role: str, got: Answer) -> list[str]:
    if got.wrote - LOOK:
        return [f"opening it wrote {sorted(got.wrote)}"]
    if got.status == 200:
        return []
    if got.status != 302:
        return [f"{role} is refused: {got.status} {got.fault}"]
    try:
        to = resolve(got.to)
    except Resolver404:
        return [f"leads to {got.to!r}, which is no page"]
    (there, *_) = [one for one in LINES if one.name == to.view_name]
    return [] if role in there.see else [f"leads to {to.view_name}, which {role} may not open"]


def _refused(role: str, got: Answer) -> list[str]:
    if got.wrote:
        return [f"refused, and yet wrote {sorted(got.wrote)}"]
    if got.status in {401, 403, 404, 405}:
        return []
    if role == ANYBODY and got.to_sign_in:
        return []
    return [f"{role} is not refused: {got.status} {got.to} {got.fault}"]


# -- what every page keeps to -----------------------------------------------------------

INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)(?![^>]*application/json)|<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']"
    r"|javascript:",
    re.IGNORECASE,
)


def _page_faults(got: Answer) -> list[str]:
    """The browser's walls stand, and nothing on the page needs a hole in them."""
    policy = got.headers.get("Content-Security-Policy", "")
    if "script-src 'self';" not in f"{policy};" or "unsafe" in policy:
        return [f"the policy is {policy!r}"]
    found = INLINE.search(got.text) if got.is_page else None
    return [f"inline: {got.text[found.start() : found.start() + 60]!r}"] if found else []


def _person_faults(line: Line, role: str, got: Answer) -> list[str]:
    """Roles without patients see none; a patient sees nobody else."""
    if line.name in {"clinic:ledger", "clinic:ledger-proof"} and role == "administrator":
        return []  # the ledger's sentences name people; keeping it is this role's work
    if role in {"coordinator", "nurse", "prescriber", "pharmacist"}:
        return []
    return [f"{role} reads {name}" for name in NAMES if name in got.text]


# -- acting -------------------------------------------------------------------------

JUNK = {
    "words": "\"'><b>é\U0001f4a5</b>",
    "a number too large": TOO_LARGE,
    "no time": "2026-13-45T99:99",
    "a zero byte": "1\x00",
}


def _names(text: str) -> list[str]:
    return sorted(set(text.split()))


# What the house's forms and addresses call their fields.
FIELDS = _names("""
    act add agrees answer at back by chair choice condition confirmed container corrects count
    counted day detail device devices diastolic_bp dose drink_at drug due_at email end expires_on
    fact fhir_server files first_name food_at frequency from given_mg heart_rate how identifier
    indication instrument issuer jwks_url key key_set kg labels last_name level limits login lot
    mg mg_per_kg mg_per_ml minutes name note number offer once open origins outcome pack password
    phone product purpose purposes q-1 r1-chair r1-day r1-time rate reason respiratory_rate role
    said_by scale sedation shown sign signer spo2 stable start strike supersedes systolic_bp take
    taken_at tenant time title to total user username value volume weight_basis
""")
QUERY = _names("""
    ask at by chair corrects count country course days from instrument judge monitor on page person
    product show stage start strength theme treatment weekdays words
""")


@pytest.mark.parametrize("role", EVERYBODY)
def test_acting_on_every_address(clinic: Everything, role: str) -> None:
    faults = []
    for line in ASKED:
        path = line.path(clinic.ids)
        got = ask(clinic.browser(role), "post", path)
        told = _page_faults(got)
        if role not in line.do:
            told += _refused(role, got)
        elif got.status >= 500 or got.status in {403, 405}:
            told.append(f"{role} may act, and got {got.status} {got.fault}")
        faults += [f"POST {path}: {words}" for words in told]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_nonsense_is_refused_in_words_and_not_a_crash(clinic: Everything, junk: str) -> None:
    faults = []
    # One treatment stands for its others; each question of the gate has a form of its own.
    told_apart = {(line.name, *(t for t in line.things if "=" in t)): line for line in ASKED}
    for line in told_apart.values():
        for method, roles, names in (("get", line.see, QUERY), ("post", line.do, FIELDS)):
            for role in sorted(roles)[:1]:
                path = line.path(clinic.ids)
                got = ask(clinic.browser(role), method, path, data=dict.fromkeys(names, junk))
                if got.status >= 500:
                    faults.append(f"{method} {path} as {role}: {got.fault}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_nonsense_at_the_chair_is_refused_and_not_a_crash(clinic: Everything, junk: str) -> None:
    from evenkeel.web.clinic.views.acts import ACTS

    faults = []
    path = reverse("clinic:treatment-act", args=[clinic.ids["running"]])
    for kind in ACTS:
        for data in ({"kind": kind}, {**dict.fromkeys(FIELDS, junk), "kind": kind},
                     {**dict.fromkeys(FIELDS, junk), "kind": kind, "at": ""}):  # fmt: skip
            got = ask(clinic.browser("nurse"), "post", path, data=data)
            if got.status >= 500:
                faults.append(f"{kind} {data.get('at')!r}: {got.fault}")
    assert not faults, "\n".join(faults)


def test_a_zero_byte_is_refused_at_both_kinds_of_door(clinic: Everything) -> None:
    browser = clinic.browser("nurse")
    for method, more in (
        ("get", {"path": "/patients/?words=a%00b"}),
        ("get", {"path": "/patients/EK-%00/"}),
        ("post", {"path": "/patients/", "data": {"words": "a\x00b"}}),
    ):
        got = ask(browser, method, **more)
        assert got.status == 400
        assert "This request could not be read" in got.text
    client = AsyncClient()
    assert async_to_sync(client.get)("/live/floor/events?x=%00").status_code == 400
    assert async_to_sync(client.get)("/live/floor/events?x=%01").status_code == 401


# -- what does not exist --------------------------------------------------------------


@pytest.mark.parametrize("role", EVERYBODY)
def test_what_does_not_exist_answers_like_what_one_may_not_know(
    clinic: Everything, role: str
) -> None:
    faults = []
    once_each = {line.name: line for line in ASKED if line.has_id}
    for line in once_each.values():
        for method, allowed in (("get", line.see), ("post", line.do)):
            if not allowed:
                continue
            wanted = 404
            if role not in allowed:
                wanted = ask(clinic.browser(role), method, line.path(clinic.ids)).status
            for missing in ("999999", TOO_LARGE) if role in allowed else ("999999",):
                instead = f"EK-{missing}" if line.things[0] == "number" else missing
                path = line.path(clinic.ids, instead=instead)
                got = ask(clinic.browser(role), method, path)
                if got.status != wanted:
                    faults.append(f"{method} {path}: {got.status}, not {wanted} {got.fault}")
    assert not faults, "\n".join(faults)


# -- the two doors for machines, and the streams --------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_token_lets_in_only_roles_that_take_referrals(clinic: Everything, role: str) -> None:
    got = ask(
        Client(raise_request_exception=False), "post", "/fhir", data=b"{}",
        content_type="application/fhir+json",
        headers={"Authorization": f"Bearer {clinic.tokens[role]}"},
    )  # fmt: skip
    assert got.status == (400 if role in {"coordinator", "prescriber"} else 403)
    assert got.wrote == frozenset()


@pytest.mark.parametrize("role", EVERYBODY)
def test_streams_open_to_those_who_see_the_floor(clinic: Everything, role: str) -> None:
    client = AsyncClient()
    if role != ANYBODY:
        client.cookies[settings.SESSION_COOKIE_NAME] = clinic.sessions[role]
    for line in LINES:
        if not line.name.startswith("live:"):
            continue
        response = async_to_sync(client.get)(line.path(clinic.ids))
        wanted = 200 if role in line.see else 401 if role == ANYBODY else 403
        assert response.status_code == wanted, line.name
        assert response.streaming == (wanted == 200)
        response.close()
        if line.has_id:
            gone = async_to_sync(client.get)(line.path(clinic.ids, instead="999999"))
            assert gone.status_code == (404 if role in line.see else wanted)
        refused = async_to_sync(client.post)(line.path(clinic.ids))
        assert refused.status_code == 405


# -- patients -----------------------------------------------------------------------


def test_a_patient_reads_their_own_course_and_nobody_elses(clinic: Everything) -> None:
    from evenkeel.web.records.models import Patient

    mine = ask(clinic.browser("patient"), "get", reverse("portal:copy")).text
    assert ",answers,16," in mine  # eight items answered with 2
    Patient.objects.filter(user=clinic.users["patient"]).update(user=None)
    Patient.objects.filter(pk=clinic.other.pk).update(user=clinic.users["patient"])
    try:
        theirs = ask(clinic.browser("patient"), "get", reverse("portal:copy")).text
    finally:
        Patient.objects.filter(pk=clinic.other.pk).update(user=None)
        Patient.objects.filter(pk=clinic.patient.pk).update(user=clinic.users["patient"])
    assert ",answers,8," in theirs
    assert ",answers,16," not in theirs


FORMS = [line for line in LINES if line.name.startswith("portal:") and line.has_id]
KIND_OF = {"link": "questionnaire", "form": "consent", "graph": "graph"}


@pytest.mark.parametrize("held", ["questionnaire", "consent", "graph"])
def test_a_link_opens_its_own_form_and_no_other(clinic: Everything, held: str) -> None:
    from evenkeel.web.records.services import links

    client = Client(raise_request_exception=False)
    token = links.arm(clinic.links[held])
    assert client.get(reverse("portal:link", args=[token])).status_code == 302
    any_form = {"portal:form", "portal:later", "portal:done"}
    faults = []
    for line in FORMS:
        own = {**clinic.ids, line.things[0]: clinic.links[held].pk}
        kind = KIND_OF[line.things[0]]
        foreign = {line.things[0]: clinic.others_links[kind].pk}
        opens = line.name in any_form or kind == held
        for method in ("get", "post"):
            got = ask(client, method, line.path(own))
            fine = {200, 302, 404, 405, 422} if opens else {404, 405}
            if got.status not in fine or (opens and method == "get" and got.status == 404):
                faults.append(f"{method} {line.path(own)}: {got.status} {got.fault}")
            for other in (line.path({**clinic.ids, **foreign}), line.path(own, instead="999999")):
                got = ask(client, method, other)
                if got.status not in {404, 405} or got.wrote:
                    faults.append(f"{method} {other}: {got.status} {sorted(got.wrote)}")
        if opens:
            for junk in JUNK.values():
                data = dict.fromkeys(FIELDS, junk)
                got = ask(client, "post", line.path(own), data=data)
                if got.status >= 500:
                    faults.append(f"nonsense to {line.path(own)}: {got.fault}")
    assert not faults, "\n".join(faults)
