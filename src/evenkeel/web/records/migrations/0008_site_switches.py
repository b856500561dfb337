"""Switches of the site with their reasons, and what people were asked only for one of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from evenkeel.web.records.append_only import SITE, triggers_sql


def _happened():
    return [
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("at", models.DateTimeField()),
        (
            "recorded_at",
            models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False
            ),
        ),
        (
            "by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0007_content_editions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteSwitch",
            fields=[
                *_happened(),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("expected_concentration", "Expected concentration by a model"),
                        ],
                        max_length=32,
                    ),
                ),
                ("on", models.BooleanField()),
                ("reason", models.TextField()),
            ],
            options={
                "indexes": [models.Index(fields=["name", "-id"], name="records_switch_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="records_switch_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelAnswer",
            fields=[
                *_happened(),
                ("question", models.CharField(max_length=32)),
                ("choice", models.CharField(blank=True, max_length=32)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="model_answers",
                        to="records.patient",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["patient", "-id"], name="records_model_answer_latest")
                ],
            },
        ),
        migrations.RunSQL(triggers_sql(SITE), reverse_sql=migrations.RunSQL.noop),
    ]
