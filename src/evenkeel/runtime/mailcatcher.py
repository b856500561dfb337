"""A mail server that keeps every letter and sends none, with a page to read them.

For the demo and the tests only: it listens on loopback and forgets on exit. Two
ports: SMTP, and a small web page that shows the letters with links that work.
"""

from __future__ import annotations

import html
import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from evenkeel.runtime import ports

MOST = 500  # letters kept
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter as it came over the wire."""

    number: int
    caught_at: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.text)


@dataclass(kw_only=True)
class MailCatcher:
    """Port 0 takes any free port; ``smtp_port`` and ``web_port`` say which after start."""

    smtp_port: int = 0
    web_port: int = 0
    letters: list[Letter] = field(default_factory=list)

    def start(self) -> None:
        self._came = threading.Condition()
        # aiosmtpd knocks at its own port to see that it runs, so it must be told which.
        self.smtp_port = self.smtp_port or ports.any_free()
        self._smtp = Controller(
            self, hostname=ports.LOOPBACK, port=self.smtp_port, ready_timeout=120
        )
        self._smtp.start()
        self._web = ThreadingHTTPServer((ports.LOOPBACK, self.web_port), _page_for(self))
        self._web.daemon_threads = True
        self.web_port = self._web.server_address[1]
        threading.Thread(target=self._web.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._smtp.stop(no_assert=True)
        self._web.shutdown()
        self._web.server_close()

    def __enter__(self) -> MailCatcher:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for(self, *, to: str, subject: str = "", seconds: float = 120) -> Letter:
        """The newest letter to this address, waiting for it.

        Raises:
            TimeoutError: none came; the text says what did.
        """
        deadline = time.monotonic() + seconds
        with self._came:
            while True:
                for letter in reversed(self.letters):
                    if to in letter.to and subject.lower() in letter.subject.lower():
                        return letter
                left = deadline - time.monotonic()
                if left <= 0 or not self._came.wait(left):
                    came = [(one.to, one.subject) for one in self.letters]
                    raise TimeoutError(f"no letter to {to} about {subject!r}; there are {came}")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=modern)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain", "html"))
        with self._came:
            self.letters.append(
                Letter(
                    number=self.letters[-1].number + 1 if self.letters else 1,
                    caught_at=datetime.now(UTC),
                    sender=envelope.mail_from or "",
                    to=tuple(envelope.rcpt_tos),
                    subject=str(message["subject"] or "(no subject)"),
                    text=body.get_content() if body is not None else "",
                )
            )
            del self.letters[:-MOST]
            self._came.notify_all()
        return "250 kept"


def _page_for(catcher: MailCatcher) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            letters = list(reversed(catcher.letters))
            if self.path == "/letters.json":
                self._send("application/json", json.dumps([_plain(one) for one in letters]))
            elif self.path == "/style.css":
                self._send("text/css", STYLE)
            elif self.path == "/":
                self._send("text/html", _list(letters))
            elif found := [one for one in letters if self.path == f"/{one.number}"]:
                self._send("text/html", _letter(found[0]))
            else:
                self._send("text/html", _frame("Not here", "<p>No such letter.</p>"), 404)

        def _send(self, kind: str, text: str, status: int = 200) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Addresses stay out of the logs."""

    return Page


def _plain(letter: Letter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "caught_at": letter.caught_at.isoformat(),
        "from": letter.sender,
        "to": list(letter.to),
        "subject": letter.subject,
        "text": letter.text,
        "links": letter.links,
    }


def _list(letters: list[Letter]) -> str:
    rows = "".join(
        f"<tr><td>{one.caught_at:%H:%M:%S} UTC</td><td>{html.escape(', '.join(one.to))}</td>"
        f'<td><a href="/{one.number}">{html.escape(one.subject)}</a></td></tr>'
        for one in letters
    )
    table = (
        "<table><thead><tr><th>Caught</th><th>To</th><th>Subject</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        if letters
        else "<p>No letter yet. What the demo sends stops here and reaches nobody.</p>"
    )
    return _frame("Caught mail", f"{table}<p>Load the page again to see later ones.</p>")


def _letter(letter: Letter) -> str:
    linked = LINK.sub(lambda m: f'<a href="{m[0]}">{m[0]}</a>', html.escape(letter.text))
    return _frame(
        letter.subject,
        f"<p>To {html.escape(', '.join(letter.to))}, from {html.escape(letter.sender)}</p>"
        f'<pre>{linked}</pre><p><a href="/">All letters</a></p>',
    )


def _frame(title: str, body: str) -> str:
    safe = html.escape(title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{safe}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main><h1>{safe}</h1>{body}</main></body></html>"
    )


STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #13202a; background: #f3f5f5; margin: 0 }
main { max-width: 60rem; margin: 2rem auto; padding: 1rem 2rem; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem; border-bottom: 1px solid #cfd7da }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
a { color: #17457a }
"""
