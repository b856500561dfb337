"""An act that a network can repeat is done once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction

from evenkeel.web.records.models import Once

Row = TypeVar("Row", bound=models.Model)
Asked = ParamSpec("Asked")


class Repeated(Exception):
    """This key was used before; ``result_id`` is what the first time gave."""

    def __init__(self, result_id: str) -> None:
        super().__init__("this act was done before")
        self.result_id = result_id


def claim(key: UUID | None, act: str, by: Any) -> Once | None:
    """Claim a key inside the act's transaction; None without a key.

    A second claim waits for the first transaction to end: after its commit it
    raises ``Repeated``, after its failure it succeeds.

    Raises:
        Repeated: the act was done before.
    """
    if key is None:
        return None
    try:
        with transaction.atomic():
            return Once.objects.create(key=key, act=act, by=by)
    except IntegrityError:
        first = Once.objects.get(key=key)
        if first.act != act or first.by_id != (by.pk if by is not None else None):
            raise ValueError(f"the key of {first.act} was sent again for {act}") from None
        raise Repeated(first.result_id) from None


def remember(claimed: Once | None, result: Any) -> None:
    """Note what the act gave, for the answer to a repeat."""
    if claimed is not None:
        claimed.result_id = str(result.pk)
        claimed.save(update_fields=["result_id"])


def repeat_gives(
    kind: type[Row],
) -> Callable[[Callable[Asked, Row]], Callable[Asked, Row]]:
    """Around an act that claims its key: a repeat gives the row that the first time gave.

    It stands inside ``transaction.atomic``, so that the answer is read where the key was.
    """

    def around(act: Callable[Asked, Row]) -> Callable[Asked, Row]:
        @wraps(act)
        def run(*args: Asked.args, **named: Asked.kwargs) -> Row:
            try:
                return act(*args, **named)
            except Repeated as before:
                return kind._default_manager.get(pk=before.result_id)

        return run

    return around
