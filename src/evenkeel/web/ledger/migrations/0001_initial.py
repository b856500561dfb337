"""The ledger, its chain and its locks."""

from importlib.resources import files

import django.db.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("seq", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("recorded_at", models.DateTimeField(editable=False)),
                ("happened_at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_name", models.TextField()),
                ("actor_role", models.TextField()),
                ("action", models.TextField()),
                ("patient_id", models.BigIntegerField(null=True)),
                ("subject_type", models.TextField(blank=True)),
                ("subject_id", models.TextField(blank=True)),
                ("sentence", models.TextField()),
                ("reason", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
                ("prev_hash", models.BinaryField(editable=False)),
                ("hash", models.BinaryField(editable=False)),
            ],
            options={"ordering": ["seq"]},
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["patient_id", "seq"], name="ledger_by_patient"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["actor_id", "seq"], name="ledger_by_actor"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["action", "seq"], name="ledger_by_action"),
        ),
        migrations.AddConstraint(
            model_name="head",
            constraint=models.CheckConstraint(
                condition=django.db.models.Q(("id", 1)), name="ledger_head_is_single"
            ),
        ),
        migrations.RunSQL(
            files("evenkeel.web.ledger").joinpath("sql", "ledger.sql").read_text(encoding="utf-8"),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
