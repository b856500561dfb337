"""The demo's mail server keeps letters, shows them, and escapes what it shows."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest
from tests.support.servers import READY_SECONDS, free_port

from evenkeel.runtime.mailcatcher import MailCatcher


def letter(subject: str, text: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "clinic@x.invalid", "nora@x.invalid", subject
    made.set_content(text)
    return made


def send(catcher: MailCatcher, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, timeout=READY_SECONDS) as smtp:
        smtp.send_message(message)


def get(catcher: MailCatcher, path: str) -> str:
    url = f"http://127.0.0.1:{catcher.web_port}{path}"
    with urllib.request.urlopen(url, timeout=READY_SECONDS) as answer:
        return answer.read().decode()


def test_a_letter_is_kept_listed_and_its_link_is_found():
    with MailCatcher(smtp_port=free_port()) as catcher:
        send(
            catcher,
            letter(
                "Eine Frage: wie geht’s?", "Answer here: http://127.0.0.1:8000/my/a/Tok-en_1.\n"
            ),
        )
        found = catcher.wait_for(to="nora@x.invalid", subject="frage")
        assert found.links == ["http://127.0.0.1:8000/my/a/Tok-en_1"]
        assert "wie geht’s?" in get(catcher, "/")
        assert '<a href="http://127.0.0.1:8000/my/a/Tok-en_1">' in get(catcher, f"/{found.number}")
        assert json.loads(get(catcher, "/letters.json"))[0]["to"] == ["nora@x.invalid"]


def test_markup_in_a_letter_is_shown_as_text():
    with MailCatcher(smtp_port=free_port()) as catcher:
        send(catcher, letter("<b>bold</b>", "<script>alert(1)</script>"))
        found = catcher.wait_for(to="nora@x.invalid")
        page = get(catcher, f"/{found.number}")
        assert "<script>" not in page
        assert "<b>" not in page


def test_waiting_in_vain_says_what_came_and_an_unknown_letter_is_404():
    with MailCatcher(smtp_port=free_port()) as catcher:
        send(catcher, letter("Hello", "-"))
        with pytest.raises(TimeoutError, match="Hello"):
            catcher.wait_for(to="somebody@else.invalid", seconds=0.1)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(catcher, "/77")
