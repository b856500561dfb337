import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from evenkeel.web.records.append_only import PACKETS, triggers_sql


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0005_cds_hooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Packet",
            fields=[
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
                ("code", models.CharField(max_length=16, unique=True)),
                ("payer_pack", models.CharField(max_length=64)),
                ("pack_edition", models.CharField(max_length=32)),
                ("verdict", models.CharField(max_length=8)),
                ("missing", models.PositiveSmallIntegerField()),
                ("not_met", models.PositiveSmallIntegerField()),
                ("parts", models.JSONField()),
                ("sheet", models.JSONField()),
                ("pdf", models.BinaryField()),
                ("pdf_sha256", models.CharField(max_length=64)),
                ("content_edition", models.CharField(max_length=64)),
                ("content_sha256", models.CharField(max_length=64)),
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
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packets",
                        to="records.patient",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="records.packet",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["patient", "-id"], name="records_packet_latest")
                ],
            },
        ),
        migrations.RunSQL(triggers_sql(PACKETS), reverse_sql=migrations.RunSQL.noop),
    ]
