"""One table says who may do what; the two voices agree; a refusal has words."""

from __future__ import annotations

import pytest

from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records import permissions


@pytest.mark.parametrize("act", sorted(permissions.ACTS))
@pytest.mark.parametrize("role", list(Role))
def test_both_voices_agree(act, role):
    user = User(username="u", role=role)
    if permissions.may(user, act):
        permissions.check_may(user, act)
    else:
        with pytest.raises(permissions.Denied, match="Nothing was changed"):
            permissions.check_may(user, act)


def test_a_patient_may_do_none_of_the_staff_acts():
    user = User(username="u", role=Role.PATIENT)
    assert not any(permissions.may(user, act) for act in permissions.ACTS)


def test_a_researcher_sees_no_person():
    user = User(username="u", role=Role.RESEARCHER)
    seen = {act for act in permissions.ACTS if permissions.may(user, act)}
    assert seen == {"gallery.see", "content.see"}


def test_only_a_prescriber_overrides_and_decides():
    for act in ("treatments.override", "screening.decide", "decisions.make", "dose.order"):
        assert permissions.ACTS[act] == {Role.PRESCRIBER}


def test_somebody_whose_account_is_closed_may_nothing():
    user = User(username="u", role=Role.PRESCRIBER, is_active=False)
    assert not permissions.may(user, "patients.see")


def test_an_act_that_is_not_in_the_table_is_a_mistake():
    with pytest.raises(KeyError):
        permissions.may(User(username="u", role=Role.NURSE), "no.such.act")
