"""The purpose of messages between visits is called as its text calls it. No row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0008_site_switches")]

    operations = [
        migrations.AlterField(
            model_name="consentrecord",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("treatment", "treatment"),
                    ("off_label", "use outside the licence"),
                    ("research", "research"),
                    ("contact", "messages between visits"),
                ],
                max_length=16,
            ),
        ),
    ]
