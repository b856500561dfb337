"""Static files by fingerprint, modules' imports of each other included.

A browser may keep a file for a day. Without this, a tablet could run yesterday's
clock beside today's live screen after an update.
"""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class FingerprintedStaticFiles(ManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
