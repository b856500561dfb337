from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "evenkeel.web.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evenkeel.web.ledger import seals
        from evenkeel.web.records.append_only import TABLES

        seals.TABLES.update(TABLES)
