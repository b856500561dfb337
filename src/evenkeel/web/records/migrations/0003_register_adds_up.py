"""Drawn = given + wasted, held by the database."""

from importlib.resources import files

from django.db import migrations

SQL = files("evenkeel.web.records").joinpath("sql/register.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("records", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql=(
                "DROP TRIGGER records_register_adds_up ON records_registerentry; "
                "DROP FUNCTION register_adds_up();"
            ),
        )
    ]
