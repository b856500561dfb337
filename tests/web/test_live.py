"""From a monitor's socket to a browser's stream, on real processes."""

from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.support.databases import TestServer
from tests.support.floor import Floor
from tests.support.people import make_user
from tests.support.servers import READY_SECONDS, Gateway, Live, wait_until
from tests.support.streams import Stream, send, session_cookie
from tests.unit.hl7.samples import raw

from evenkeel.web.live.hub import QUEUE, Viewer, _together

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE 'LISTEN%%'"


@pytest.fixture(scope="module")
def floor(live: Live, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """A monitor on chair 2 and a person who has sat there for an hour."""
    with django_db_blocker.unblock():
        made = Floor()
        made.monitor()
        treatment = made.treat()
        yield {
            "treatment": treatment,
            "nurse": made.nurse,
            "cookie": session_cookie(made.nurse),
            "researcher": session_cookie(make_user("researcher")),
        }


def fresh(control_id: str, spo2: int = 98) -> bytes:
    """The first sample as if it were sent now."""
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S").encode()
    content = raw("01-signs").replace(b"20261124101500.000-0500", now + b"+0000")
    return content.replace(b"M0001", control_id.encode()).replace(b"|98|", b"|%d|" % spo2)


def test_a_message_reaches_the_screen_and_an_alarm_with_it(live, gateway: Gateway, floor) -> None:
    path = f"/live/treatment/{floor['treatment'].pk}/events"
    with Stream(live.url, path, floor["cookie"]) as stream:
        assert stream.answer.getheader("Content-Type") == "text/event-stream"
        beat = stream.next("beat")
        now = datetime.fromisoformat(beat["now"])
        assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)
        assert send(gateway.port, fresh("L1", spo2=91)).code == "AA"
        told = stream.next("reading")
        assert told["treatment"] == floor["treatment"].pk
        signs = {each["sign"]: each for each in told["readings"]}
        assert signs["spo2"]["value"] == "91"
        assert signs["spo2"]["origin"] == "monitor"
        assert signs["heart_rate"]["value"] == "78"
        alarm = stream.next("alarm")
        assert (alarm["kind"], alarm["data"]["sign"]) == ("alarm_raised", "spo2")


def test_what_a_nurse_charts_reaches_the_floor(live, floor) -> None:
    from decimal import Decimal

    from evenkeel.web.records.services.readings import record_by_hand

    with Stream(live.url, "/live/floor/events", floor["cookie"]) as stream:
        stream.next("beat")
        now = datetime.now(UTC)
        record_by_hand(
            treatment=floor["treatment"],
            values={"systolic_bp": Decimal(132), "diastolic_bp": Decimal(84)},
            at=now, now=now, by=floor["nurse"], client=uuid.uuid4(),
        )  # fmt: skip
        told = stream.next("reading")
        assert [(each["sign"], each["value"]) for each in told["readings"]] == [
            ("systolic_bp", "132"),
            ("diastolic_bp", "84"),
        ]
        assert {each["origin"] for each in told["readings"]} == {"hand"}
        assert {each["by"] for each in told["readings"]} == {floor["nurse"].short_name}
        assert len({each["group"] for each in told["readings"]}) == 1


def test_only_who_may_see_the_floor(live, floor) -> None:
    path = f"/live/treatment/{floor['treatment'].pk}/events"
    for url in (path, "/live/floor/events"):
        for cookie, status in (("", 401), (floor["researcher"], 403)):
            with Stream(live.url, url, cookie) as stream:
                assert stream.status == status
    with Stream(live.url, "/live/treatment/999999/events", floor["cookie"]) as stream:
        assert stream.status == 404


def test_forty_viewers_share_one_listener_and_hold_no_connection(
    live, gateway: Gateway, floor, postgres_server: TestServer
) -> None:
    cookie = floor["cookie"]
    path = f"/live/treatment/{floor['treatment'].pk}/events"
    streams = [Stream(live.url, path, cookie) for _ in range(40)]
    try:
        for stream in streams:
            stream.next("beat")
        with psycopg.connect(postgres_server.url(live.database), autocommit=True) as owner:
            assert owner.execute(LISTENERS, [live.database]).fetchone() == (1,)
            send(gateway.port, fresh("L2"))
            assert {stream.next("reading")["treatment"] for stream in streams} == {
                floor["treatment"].pk
            }
            # The pool holds 16; a page must still get one of them at once.
            with urllib.request.urlopen(f"{live.url}/healthz", timeout=READY_SECONDS) as answer:
                assert answer.status == 200
            for stream in streams:
                stream.close()
            wait_until(
                lambda: owner.execute(LISTENERS, [live.database]).fetchone() == (0,),
                "the last viewer to take the listener along",
            )
    finally:
        for stream in streams:
            stream.close()


def test_a_lost_listener_is_told_and_made_anew(
    live, gateway: Gateway, floor, postgres_server: TestServer
) -> None:
    with (
        Stream(live.url, "/live/floor/events", floor["cookie"]) as stream,
        psycopg.connect(postgres_server.url(live.database), autocommit=True) as owner,
    ):
        stream.next("beat")
        owner.execute(
            LISTENERS.replace("count(*)", "pg_terminate_backend(pid)"), [live.database]
        ).fetchall()
        assert "out of reach" in stream.next("lost")["reason"]
        stream.next("lost")  # the second says that it is back
        send(gateway.port, fresh("L3"))
        assert stream.next("reading")["readings"]


def test_the_server_stops_with_a_stream_open(live, floor) -> None:
    with Stream(live.url, "/live/floor/events", floor["cookie"]) as stream:
        stream.next("beat")
        live.process.child.terminate()
        live.process.child.wait(timeout=READY_SECONDS)  # an open stream would hold it for ever


def test_a_viewer_who_falls_behind_loses_his_queue_and_is_told() -> None:
    viewer = Viewer(7)
    for number in range(QUEUE):
        viewer.put("reading", {"number": number})
    assert viewer.queue.qsize() == QUEUE
    viewer.put("reading", {"number": QUEUE})
    assert viewer.queue.qsize() == 1
    assert viewer.queue.get_nowait()[0] == "lost"


def test_notifications_of_one_treatment_are_read_together_and_nonsense_is_passed_over() -> None:
    assert _together(
        [
            '{"treatment":1,"kind":"reading","id":5,"ids":[5,6]}',
            '{"treatment":1,"kind":"reading","id":7}',
            '{"treatment":2,"kind":"event","id":8}',
            "nonsense",
            '{"treatment":1}',
            "[]",
        ]
    ) == {(1, "reading"): [5, 6, 7], (2, "event"): [8]}
