"""Refuse UPDATE, DELETE and TRUNCATE where the clinic's history stands."""

from django.db import migrations

from evenkeel.web.records.append_only import FIRST, triggers_sql


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("ledger", "0001_initial")]

    operations = [migrations.RunSQL(triggers_sql(FIRST), reverse_sql=migrations.RunSQL.noop)]
