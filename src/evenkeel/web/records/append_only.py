"""The tables that only grow. A correction is a new row that supersedes the old one.

The migration puts triggers on them; the application's database role has only
SELECT and INSERT there.
"""

# Those of the first schema; 0002 puts their triggers on, so this list never changes.
FIRST = (
    "records_referral",
    "records_chartitem",
    "records_factanswer",
    "records_screeningdecision",
    "records_consentrecord",
    "records_coursebaseline",
    "records_maintenancedecision",
    "records_treatmentevent",
    "records_doseorder",
    "records_dosecheck",
    "records_registerentry",
    "records_devicemessage",
    "records_reading",
    "records_assessment",
)
# 0005: what was said at an order, and what came of it.
CDS = ("records_cdscard", "records_cdsfeedback")
# 0006: papers that were issued.
PACKETS = ("records_packet",)
# 0007: the content that decisions stood on, and what a new one changed.
EDITIONS = ("records_contentedition", "records_editioneffect")
# 0008: switches of the site, and what people were asked for one of them.
SITE = ("records_siteswitch", "records_modelanswer")

TABLES = (*FIRST, *CDS, *PACKETS, *EDITIONS, *SITE)

LEDGER_TABLES = ("ledger_entry",)
# The head is moved by a trigger that runs with the owner's rights.
READ_ONLY_TABLES = ("ledger_head",)


def triggers_sql(tables: tuple[str, ...]) -> str:
    """SQL that refuses UPDATE, DELETE and TRUNCATE on these tables."""
    return "\n".join(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only();\n"
        f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only();"
        for table in tables
    )
