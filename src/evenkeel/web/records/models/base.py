"""What several models share."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Once(models.Model):
    """A key that a form or a device sends with an act, so that a repeat is no second act."""

    key = models.UUIDField(primary_key=True)
    act = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    result_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.act} {self.key}"


class Happened(models.Model):
    """When something happened, who charted it, and when it was written down."""

    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
