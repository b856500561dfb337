"""Accounts and tokens: shown once, closed for good, and never the last key."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from tests.support.people import make_user

from evenkeel.web.accounts.models import ApiToken, User
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import permissions
from evenkeel.web.records.services import house

pytestmark = pytest.mark.django_db
TYPED = {
    "title": "",
    "first_name": "Nell",
    "last_name": "Ashdown",
    "username": "nell",
    "email": "nell@clinic.example",
    "role": "nurse",
}


def test_a_new_account_works_with_the_password_that_was_shown(client_as, client):
    page = client_as("administrator").post("/house/accounts/add/", TYPED).content.decode()
    shown = re.search(r'class="secret mono">([^<]+)<', page)
    assert shown is not None
    assert '<span class="mono">nell</span>' in page  # both halves of a sign-in are handed over
    user = User.objects.get(username="nell")
    assert user.role == "nurse"
    assert user.check_password(shown.group(1))
    assert shown.group(1) not in Entry.objects.get(action="account.opened").sentence


def test_typing_is_kept_when_the_form_is_refused(client_as):
    make_user("nurse", username="nell")
    answer = client_as("administrator").post("/house/accounts/add/", TYPED)
    assert answer.status_code == 422
    assert "nell@clinic.example" in answer.content.decode()
    assert User.objects.filter(username="nell").count() == 1


def test_the_last_administrator_cannot_be_closed():
    last = make_user("administrator")
    with pytest.raises(house.CannotClose):
        house.set_open(user=last, is_open=False, by=last, at=timezone.now())
    another = make_user("administrator")
    house.set_open(user=last, is_open=False, by=another, at=timezone.now())
    last.refresh_from_db()
    assert not last.is_active


def test_a_revoked_token_finds_nobody():
    administrator = make_user("administrator")
    text = house.issue_token(
        name="Hospital", user=make_user("coordinator"), by=administrator, at=timezone.now()
    )
    token = ApiToken.find(text)
    assert token is not None
    assert text not in str(token.__dict__)
    house.revoke_token(token=token, by=administrator, at=timezone.now())
    assert ApiToken.find(text) is None


def test_a_token_of_a_closed_account_finds_nobody():
    user = make_user("coordinator")
    text = house.issue_token(name="Hospital", user=user, by=None, at=timezone.now())
    user.is_active = False
    user.save()
    assert ApiToken.find(text) is None


def test_a_token_is_not_given_to_a_role_that_may_not_refer():
    with pytest.raises(permissions.Denied):
        house.issue_token(name="x", user=make_user("nurse"), by=None, at=timezone.now())


@pytest.mark.parametrize("role", ["nurse", "prescriber", "coordinator", "pharmacist", "researcher"])
def test_only_an_administrator_opens_the_house(client_as, role):
    assert client_as(role).get("/house/accounts/").status_code == 403


def test_nobody_gets_a_role_because_it_stood_first_in_the_list(client_as):
    administrator = client_as("administrator")
    page = administrator.get("/house/accounts/add/").content.decode()
    assert '<option value="" selected>choose</option>' in page
    answer = administrator.post("/house/accounts/add/", {**TYPED, "role": ""})
    assert answer.status_code == 422
    assert "Choose a role." in answer.content.decode()
    assert not User.objects.filter(username="nell").exists()


def test_a_person_changes_their_own_password_in_this_houses_words(client_as):
    nurse = make_user("nurse")
    nurse.set_password("the old one, long enough")
    nurse.save()
    client = client_as(nurse)
    address = "/accounts/password/change/"
    page = client.get(address).content.decode()
    for words in ("Change your password", "Password until now", "At least 12 characters"):
        assert words in page
    assert "Forgot your password?" not in page  # nobody is sent a password by e-mail from here
    assert "administrator makes a new one" in page
    typed = {"oldpassword": "the old one, long enough", "password1": "short", "password2": "short"}
    refused = client.post(address, typed)
    assert "Your password was not changed" in refused.content.decode()
    fresh = "quite another, and long"
    client.post(address, {**typed, "password1": fresh, "password2": fresh})
    nurse.refresh_from_db()
    assert nurse.check_password(fresh)


def test_a_researcher_is_told_that_nothing_is_there_yet_and_can_sign_out(client_as):
    page = client_as("researcher").get("/").content.decode()
    assert "Nothing to export yet" in page
    assert "/accounts/logout/" in page
    assert 'href="/guidelines/"' in page
    assert 'href="/pharmacology/"' in page
