"""What was not prefetched, read from the client's FHIR server with the right it gave.

Only from the server that is registered for the client, with its own token, page by page
on the same server, within one span of time and a limit of size.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from evenkeel.core.chart import Refused
from evenkeel.edges.cds import fetching
from evenkeel.edges.cds.asked import Asked
from evenkeel.edges.cds.fetching import CannotFetch
from evenkeel.edges.cds.offered import Service
from evenkeel.edges.fhir import text

FHIR_JSON = "application/fhir+json"
SECONDS = 8.0
MOST_PAGES = 5
MOST_BYTES = 2 * 1024 * 1024


def fetch_missing(
    asked: Asked, service: Service, keys: Iterable[str], registered: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """What the server gave for each key, and why nothing came for the others.

    registered: the only server that may be read, "" for none.
    """
    if asked.authorization is None:
        return {}, {}
    wanted = list(keys)
    if not registered or asked.fhir_server != registered.rstrip("/"):
        why = "not read from the FHIR server: it is not the one registered for this client"
        return {}, dict.fromkeys(wanted, why)
    until = time.monotonic() + SECONDS
    came: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for key in wanted:
        path = service.prefetch[key].replace("{{context.patientId}}", quote(asked.patient_id))
        try:
            came[key] = _read(f"{registered.rstrip('/')}/{path}", asked, until)
        except CannotFetch as fault:
            failed[key] = f"asked for at the FHIR server: {fault}"
    return came, failed


def _read(url: str, asked: Asked, until: float) -> Any:
    """A resource, or a search's pages as one Bundle."""
    first = _page(url, asked, until)
    if not isinstance(first, dict) or first.get("resourceType") != "Bundle":
        return first
    entries = list(_listed(first.get("entry")))
    page, seen = first, {url}
    for _ in range(MOST_PAGES - 1):
        following = _next(page)
        if following is None:
            break
        address = urljoin(url, following)
        if address in seen or not _same_place(address, asked.fhir_server):
            break  # the link stays, so that the gap is told
        seen.add(address)
        page = _page(address, asked, until)
        if not isinstance(page, dict) or page.get("resourceType") != "Bundle":
            raise CannotFetch("a further page was no Bundle")
        entries += _listed(page.get("entry"))
    whole = {name: value for name, value in first.items() if name not in ("entry", "link")}
    if _next(page) is not None:
        whole["link"] = page["link"]
    return {**whole, "entry": entries}


def _page(url: str, asked: Asked, until: float) -> Any:
    assert asked.authorization is not None, "nothing is read without a right"
    raw = fetching.get(
        url,
        accept=FHIR_JSON,
        most=MOST_BYTES,
        authorization=asked.authorization.token,
        deadline=until,
    )
    try:
        return text.read(raw)
    except Refused:
        raise CannotFetch("it sent no readable JSON") from None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _next(bundle: dict[str, Any]) -> str | None:
    for link in _listed(bundle.get("link")):
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else None
    return None


def _same_place(url: str, base: str) -> bool:
    """The same scheme, host and port, and below the same path."""
    a, b = urlsplit(url), urlsplit(base)
    return (a.scheme, a.netloc) == (b.scheme, b.netloc) and a.path.startswith(b.path)
