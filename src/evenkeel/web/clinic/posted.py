"""What every staff form posts besides its own fields."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest


def once_of(request: HttpRequest) -> UUID | None:
    """The key by which a repeated post is known; None where the page sent none, or nonsense."""
    try:
        return UUID(request.POST.get("once", ""))
    except ValueError:
        return None
