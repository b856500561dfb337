"""Keep the content that decisions stood on, what they were read from, and what a new one changed."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from evenkeel.web.records.append_only import EDITIONS, triggers_sql


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0006_packets"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContentEdition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("edition", models.CharField(max_length=64)),
                ("archive", models.BinaryField()),
                (
                    "kept_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="screeningdecision",
            name="inputs",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="EditionReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_edition", models.CharField(blank=True, max_length=64)),
                ("from_sha256", models.CharField(blank=True, max_length=64)),
                ("to_edition", models.CharField(max_length=64)),
                ("to_sha256", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("through", models.BigIntegerField(default=0)),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("refused", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("to_sha256",),
                        name="records_one_review_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EditionEffect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pack", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=200)),
                ("before", models.CharField(max_length=16)),
                ("after", models.CharField(max_length=16)),
                ("criteria", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="edition_effects",
                        to="records.patient",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="effects",
                        to="records.editionreview",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "patient", "pack"), name="records_edition_effect_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(triggers_sql(EDITIONS), reverse_sql=migrations.RunSQL.noop),
    ]
