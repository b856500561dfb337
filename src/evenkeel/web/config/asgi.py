"""The ASGI door that granian opens."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.web.config.settings")
application = get_asgi_application()
