"""The ledger only grows, forms one chain, and says where somebody broke it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger.models import Entry
from evenkeel.web.ledger.verify import walk

AT = datetime(2026, 11, 24, 15, 4, 5, 123456, tzinfo=UTC)


def write(count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            ledger.append(
                "test.act",
                sentence=f"Act {n} at 38 °C, “quoted”; with a semicolon.",
                by=None,
                at=AT + timedelta(seconds=n),
                data={"n": n, "mg": 0.50, "nested": {"b": [1, None], "a": "ü"}},
                reason="" if n % 2 else "because",
            )


def walked() -> object:
    with connection.cursor() as cursor:
        return walk(cursor)


def behind_the_back(sql: str, *parameters: object) -> None:
    """What an owner of the database can do, and the application cannot."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute(sql, parameters)
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_an_empty_ledger_is_whole():
    assert walked().whole
    assert walked().walked == 0


@pytest.mark.django_db
def test_a_sentence_that_ends_with_an_initial_has_one_full_stop():
    with transaction.atomic():
        for words in ("Nora E. left.", "Dr S. Mockridge opened the record of Nora E.."):
            ledger.append("test.act", sentence=words, by=None, at=AT)
    assert [row.sentence for row in Entry.objects.order_by("seq")] == [
        "Nora E. left.",
        "Dr S. Mockridge opened the record of Nora E.",
    ]


@pytest.mark.django_db
def test_the_second_computation_agrees_with_the_trigger():
    write(50)
    found = walked()
    assert found.whole, found
    assert found.walked == 50
    assert list(Entry.objects.values_list("seq", flat=True)) == list(range(1, 51))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("UPDATE ledger_entry SET sentence = 'Nothing happened.' WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET happened_at = happened_at + interval '1 us' WHERE seq = 4", 4),
        ("UPDATE ledger_entry SET recorded_at = recorded_at - interval '1 h' WHERE seq = 1", 1),
        ("UPDATE ledger_entry SET actor_name = 'Somebody' WHERE seq = 7", 7),
        ("UPDATE ledger_entry SET data = '{}' WHERE seq = 2", 2),
        ("UPDATE ledger_entry SET reason = '' WHERE seq = 5", 5),
        ("UPDATE ledger_entry SET hash = sha256('x') WHERE seq = 6", 6),
        ("DELETE FROM ledger_entry WHERE seq = 5", 5),
        ("DELETE FROM ledger_entry WHERE seq = 10", 10),
        ("DELETE FROM ledger_entry WHERE seq > 8", 9),
    ],
)
def test_the_first_broken_link_is_named(sql, broken_at):
    write(10)
    behind_the_back(sql)
    found = walked()
    assert not found.whole
    assert found.broken_at == broken_at
    assert str(broken_at) in found.because


@pytest.mark.django_db
def test_moving_text_between_two_columns_is_noticed():
    with transaction.atomic():
        ledger.append("test.act", sentence="ab", by=None, at=AT, reason="c")
    behind_the_back("UPDATE ledger_entry SET sentence = 'a', reason = 'bc' WHERE seq = 1")
    assert walked().broken_at == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET sentence = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
    ],
)
def test_even_the_owner_is_refused(sql):
    write(1)
    with pytest.raises((InternalError, IntegrityError), match="only grows"), transaction.atomic():
        connection.cursor().execute(sql)
    assert walked().walked == 1


@pytest.mark.django_db
def test_a_forged_number_and_hash_are_overwritten():
    write(1)
    Entry.objects.bulk_create(
        [
            Entry(
                seq=999,
                recorded_at=AT - timedelta(days=400),
                happened_at=AT,
                actor_name="x",
                actor_role="x",
                action="test.forged",
                sentence="x",
                prev_hash=b"1",
                hash=b"2",
            )
        ]
    )
    forged = Entry.objects.get(action="test.forged")
    assert forged.seq == 2
    assert forged.recorded_at > AT - timedelta(days=1)
    assert walked().whole


@pytest.mark.django_db
def test_an_act_that_fails_leaves_no_entry_and_no_gap():
    write(1)

    @transaction.atomic
    def half_an_act() -> None:
        ledger.append("test.act", sentence="half", by=None, at=AT)
        raise RuntimeError("the act failed after its entry")

    with pytest.raises(RuntimeError):
        half_an_act()
    write(1)
    assert walked().whole
    assert walked().walked == 2


@pytest.mark.django_db
def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        ledger.append("test.act", sentence="x", by=None, at=AT.replace(tzinfo=None))


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(ledger.NotInTransaction):
        ledger.append("test.act", sentence="alone", by=None, at=AT)


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain():
    faults: list[BaseException] = []

    def writer() -> None:
        try:
            for _ in range(10):
                write(3)
        except BaseException as fault:  # noqa: BLE001 - handed to the test below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    found = walked()
    assert found.whole, found
    assert found.walked == 120
