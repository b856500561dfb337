"""Check the ledger's chain, and write down that it was checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger.verify import Walk, examine
from evenkeel.web.records import permissions


@transaction.atomic
def check_chain(*, by: Any, at: datetime) -> Walk:
    """Walk the whole chain and append the result; a broken chain still takes the entry.

    Raises:
        Denied: the person's role may not verify the ledger.
    """
    permissions.check_may(by, "ledger.verify")
    with connection.cursor() as cursor:
        found = examine(cursor)
    if found.whole:
        sentence = f"{by.short_name} checked the chain: {found.walked:,} entries, whole."
    else:
        sentence = (
            f"{by.short_name} checked the chain: broken at entry {found.broken_at:,}; "
            f"{found.because}."
        )
    ledger.append(
        "ledger.checked",
        sentence=sentence,
        by=by,
        at=at,
        data={"walked": found.walked, "broken_at": found.broken_at, "head": found.head},
        reason=found.because,
    )
    return found
