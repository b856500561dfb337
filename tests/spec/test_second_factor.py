"""Staff sign in with a second factor where the settings ask for one; secrets are sealed."""

from __future__ import annotations

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from tests.support.people import ROLES

from evenkeel.web.accounts.fields import SealBroken, seal, unseal

STAFF = [role for role in ROLES if role != "patient"]


@pytest.fixture
def required(settings):
    settings.EVENKEEL_MFA_REQUIRED = True


@pytest.mark.django_db
@pytest.mark.parametrize("role", STAFF)
def test_staff_without_a_second_factor_get_no_further_than_enrolling(client_as, required, role):
    answer = client_as(role).get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/2fa/"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_staff_with_a_second_factor_pass(client_as, required, kind):
    client = client_as("nurse")
    Authenticator.objects.create(user=client.user, type=kind, data={})
    assert client.get("/")["Location"] != "/accounts/2fa/"


@pytest.mark.django_db
def test_recovery_codes_alone_are_no_second_factor(client_as, required):
    client = client_as("nurse")
    Authenticator.objects.create(user=client.user, type="recovery_codes", data={})
    assert client.get("/")["Location"] == "/accounts/2fa/"


@pytest.mark.django_db
def test_patients_are_not_asked_for_one(client_as, required):
    assert client_as("patient").get("/").headers.get("Location") != "/accounts/2fa/"


@pytest.mark.django_db
def test_the_bell_and_signing_out_stay_reachable(client_as, required):
    client = client_as("nurse")
    assert client.get("/healthz").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302


@pytest.mark.django_db
def test_nobody_makes_an_account_for_themselves(client):
    answer = client.post(
        "/accounts/signup/", {"username": "guest", "password1": "a long enough phrase 7"}
    )
    from evenkeel.web.accounts.models import User

    assert answer.status_code == 200
    assert not User.objects.filter(username="guest").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "door",
    ["password/reset/", "password/reset/done/", "password/reset/key/1-a-b/", "password/set/",
     "email/", "confirm-email/", "confirm-email/a-key/"],
)  # fmt: skip
def test_an_account_is_not_changed_past_the_administrator(client_as, mailoutbox, door):
    """By mail anybody who reads it would get in; the sign-in page names whom to ask."""
    client = client_as("nurse")
    client.user.email = "nurse@example.org"
    client.user.save()
    for who in (client, type(client)()):
        assert who.get(f"/accounts/{door}").status_code == 404
        assert who.post(f"/accounts/{door}", {"email": client.user.email}).status_code == 404
    assert mailoutbox == []


def test_a_sealed_secret_opens_only_for_its_purpose_and_only_whole():
    sealed = seal("JBSWY3DPEHPK3PXP", belongs_to="mfa")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert unseal(sealed, belongs_to="mfa") == "JBSWY3DPEHPK3PXP"
    assert seal("JBSWY3DPEHPK3PXP", belongs_to="mfa") != sealed, "each sealing is its own"
    with pytest.raises(SealBroken):
        unseal(sealed, belongs_to="another table")
    with pytest.raises(SealBroken):
        unseal(sealed[:-6] + "AAAAA=", belongs_to="mfa")
    with pytest.raises(SealBroken, match="EVENKEEL_FIELD_KEY"):
        unseal("JBSWY3DPEHPK3PXP", belongs_to="mfa")


def test_another_key_does_not_open_it(settings):
    sealed = seal("JBSWY3DPEHPK3PXP", belongs_to="mfa")
    settings.EVENKEEL_FIELD_KEY = "another" * 8
    with pytest.raises(SealBroken):
        unseal(sealed, belongs_to="mfa")


@pytest.mark.django_db
def test_the_library_stores_a_totp_secret_sealed(user_of):
    from allauth.mfa.totp.internal.auth import TOTP

    user = user_of("nurse")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    stored = Authenticator.objects.get(user=user).data["secret"]
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert get_adapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"
