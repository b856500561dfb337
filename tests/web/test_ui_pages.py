"""The gallery's doors and the pages about faults, through Django."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
PAGES = ("/ui/gallery/", "/ui/gallery/wall/", "/ui/gallery/portal/", "/ui/gallery/print/")
STAFF = ("coordinator", "nurse", "prescriber", "pharmacist", "researcher", "administrator")


@pytest.mark.parametrize("role", STAFF)
def test_any_staff_may_open_the_gallery(client_as, role):
    client = client_as(role)
    for path in PAGES:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_patient_may_not_open_the_gallery(client_as, path):
    answer = client_as("patient").get(path)
    assert answer.status_code == 403
    assert "Not for your role" in answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_somebody_not_signed_in_is_led_to_the_door(client, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_section_one_stands_in_is_marked(client_as):
    page = client_as("nurse").get("/ui/gallery/").content.decode()
    assert page.count('aria-current="page"') == 0
    assert 'class="skip" href="#main"' in page


def test_a_page_that_does_not_exist_says_what_to_do(client):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "There is nothing here for you" in answer.content.decode()


def test_a_forged_or_old_form_is_refused_in_words(user_of):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"login": "x", "password": "y"})
    assert answer.status_code == 403
    assert "This was not saved" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/",
        "/accounts/password/change/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
    ],
)
def test_the_pages_about_ones_own_sign_in_have_our_frame(client_as, user_of, path):
    user = user_of("nurse")
    user.set_password("a long sentence for a test")
    user.save()
    answer = client_as(user).get(path, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200, path
    assert 'class="narrow' in page
    assert "<h1>" in page
    assert "Menu:" not in page
