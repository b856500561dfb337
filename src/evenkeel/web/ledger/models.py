"""One row per act. PostgreSQL numbers, times and chains it; see sql/ledger.sql."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """What was done, by whom, when it happened and when it was written down.

    ``seq``, ``recorded_at``, ``prev_hash`` and ``hash`` are set by a trigger and
    whatever the application sends for them is discarded.
    """

    seq = models.BigIntegerField(primary_key=True, editable=False)
    recorded_at = models.DateTimeField(editable=False)
    happened_at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.TextField()
    actor_role = models.TextField()
    action = models.TextField()
    patient_id = models.BigIntegerField(null=True)
    subject_type = models.TextField(blank=True)
    subject_id = models.TextField(blank=True)
    sentence = models.TextField()
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    prev_hash = models.BinaryField(editable=False)
    hash = models.BinaryField(editable=False)

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(fields=["patient_id", "seq"], name="ledger_by_patient"),
            models.Index(fields=["actor_id", "seq"], name="ledger_by_actor"),
            models.Index(fields=["action", "seq"], name="ledger_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class Head(models.Model):
    """The single row that remembers the end of the chain, so that a cut tail is found.

    Writers lock it, which puts them in one order; only the trigger changes it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="ledger_head_is_single")
        ]

    def __str__(self) -> str:
        return f"head {self.seq}"
