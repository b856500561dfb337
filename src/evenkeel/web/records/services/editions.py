"""Keep the content that decisions stand on, in the transaction of the first that uses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from evenkeel.core.guidelines.packs.editions import write_archive
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records.models import ContentEdition


def keep_edition(
    content: Library, *, by: Any, at: datetime, because: str = "a decision stands on it"
) -> None:
    """Keep this edition unless it is kept already; it joins the caller's transaction.

    Two acts that both are the first: the second waits for the first and keeps nothing.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an edition is kept in the transaction of the act that stands on it")
    if ContentEdition.objects.filter(sha256=content.sha256).exists():
        return
    try:
        with transaction.atomic():
            kept = ContentEdition.objects.create(
                sha256=content.sha256, edition=content.edition, archive=write_archive(content)
            )
    except IntegrityError:  # another act was the first
        return
    ledger.append(
        "content.kept",
        sentence=f"The guideline content of edition {content.edition} was kept, because {because}.",
        by=by,
        at=at,
        subject=kept,
        data={"edition": content.edition, "content_sha256": content.sha256},
    )
