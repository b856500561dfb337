"""One settings module for the demo, the tests and production.

EVENKEEL_ENV says which; without it, it is production, so that forgetting it is
safe. docs/reference/settings.md lists every variable.
"""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from evenkeel.web.config import guard
from evenkeel.web.config.logs import logging_config

EVENKEEL_ENV = os.environ.get("EVENKEEL_ENV", "production")
if EVENKEEL_ENV not in guard.ENVIRONMENTS:
    raise ImproperlyConfigured(
        f"EVENKEEL_ENV is {EVENKEEL_ENV!r}; it must be one of {', '.join(guard.ENVIRONMENTS)}."
    )
if _faults := guard.faults(os.environ):
    raise ImproperlyConfigured(
        f"Evenkeel does not start in {EVENKEEL_ENV}; {len(_faults)} setting(s) are wrong:\n"
        + "\n".join(f"  {fault.name}: {fault.text}" for fault in _faults)
    )
PRODUCTION = EVENKEEL_ENV == "production"


def _switch(name: str, default: bool) -> bool:
    return guard.is_yes(os.environ[name]) if os.environ.get(name) else default


# -- the house ---------------------------------------------------------------

EVENKEEL_VAR = Path(os.environ.get("EVENKEEL_VAR", "var")).absolute()
EVENKEEL_CLINIC_NAME = os.environ.get("EVENKEEL_CLINIC_NAME", "Evenkeel clinic")
EVENKEEL_CLINIC_ZONE = ZoneInfo(os.environ.get("EVENKEEL_CLINIC_ZONE", "America/New_York"))
# Whose crisis numbers patients see (content/crisis), and where they reach the clinic itself.
EVENKEEL_COUNTRY = os.environ.get("EVENKEEL_COUNTRY", "us").lower()
_demo = EVENKEEL_ENV == "demo"
EVENKEEL_CLINIC_PHONE = os.environ.get("EVENKEEL_CLINIC_PHONE", "555 0142" if _demo else "")
EVENKEEL_CLINIC_HOURS = os.environ.get("EVENKEEL_CLINIC_HOURS", "until 17:00" if _demo else "")
EVENKEEL_BASE_URL = os.environ.get("EVENKEEL_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
EVENKEEL_MFA_REQUIRED = _switch("EVENKEEL_MFA_REQUIRED", PRODUCTION)
EVENKEEL_FIELD_KEY = os.environ["EVENKEEL_FIELD_KEY"]

# Records knows no wire: this is who reads a referral for it (bytes, today -> core.chart.Reading).
EVENKEEL_REFERRAL_READER = "evenkeel.edges.fhir.reading.read"
# Whether CDS Hooks answers without a token: to try it with a sandbox and invented people.
EVENKEEL_CDS_OPEN = _switch("EVENKEEL_CDS_OPEN", _demo)

DEBUG = _switch("EVENKEEL_DEBUG", False)
SECRET_KEY = os.environ["EVENKEEL_SECRET_KEY"]
ALLOWED_HOSTS = [h.strip() for h in os.environ.get("EVENKEEL_HOSTS", "").split(",") if h.strip()]
if not PRODUCTION:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]

INSTALLED_APPS = [
    "evenkeel.web.ui",
    "evenkeel.web.clinic",
    "evenkeel.web.portal",
    "evenkeel.web.guidelines",
    "evenkeel.web.explorer",
    "evenkeel.web.accounts",
    "evenkeel.web.ledger",
    "evenkeel.web.records",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "procrastinate.contrib.django",
]

# All can run under asyncio, so that a live stream holds no thread.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "evenkeel.web.config.zero_bytes.refuse_zero_bytes",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "evenkeel.web.accounts.middleware.require_second_factor",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "evenkeel.web.config.urls"
ASGI_APPLICATION = "evenkeel.web.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "evenkeel.web.accounts.context.house",
                "evenkeel.web.ui.context.frame",
                "evenkeel.web.clinic.context.navigation",
            ],
        },
    },
]

# -- the database ------------------------------------------------------------

# One pool per process: without it, asyncio's threads keep a connection each.
# 0 is for commands and for tests, which have one thread.
_pool = int(os.environ.get("EVENKEEL_DB_POOL", "0" if EVENKEEL_ENV == "test" else "16"))
_parts = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parts.pop("dbname", "evenkeel"),
        "USER": _parts.pop("user", ""),
        "PASSWORD": _parts.pop("password", ""),
        # The tests fill this in when a test asks for a database.
        "HOST": _parts.pop("host", "/nowhere"),
        "PORT": str(_parts.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": _parts,
    }
}
if _pool:
    _parts["pool"] = {"min_size": 1, "max_size": _pool, "timeout": 10}
    _parts["options"] = (
        f"{_parts.get('options', '')} "
        "-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
    ).strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- who signs in ------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if EVENKEEL_ENV == "test":  # argon2 takes 0.4 s by design; tests sign in hundreds of times
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
_validators = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validators}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_validators}.CommonPasswordValidator"},
    {"NAME": f"{_validators}.NumericPasswordValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "evenkeel.web.accounts.adapters.AccountAdapter"
_forms = "evenkeel.web.accounts.forms"
ACCOUNT_FORMS = {"change_password": f"{_forms}.ChangePasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # sign-up itself is closed by the adapter
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_ADAPTER = "evenkeel.web.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Evenkeel"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the clinic's administrator vouches for its accounts
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION

AXES_ENABLED = _switch("EVENKEEL_AXES", True)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = 1 if _switch("EVENKEEL_BEHIND_PROXY", False) else 0
AXES_VERBOSE = False

# -- the browser's walls -----------------------------------------------------

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600  # one shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _switch("EVENKEEL_COOKIE_SECURE", PRODUCTION)
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
CSRF_TRUSTED_ORIGINS = [EVENKEEL_BASE_URL] if PRODUCTION else []

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # the hospital's other hosts are not ours to bind
if _switch("EVENKEEL_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the QR code of a TOTP secret
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],  # keeps the page with crisis numbers for when the net is gone
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024  # a referral bundle with its history
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

# -- time, words, files ------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("EVENKEEL_STATIC_ROOT", EVENKEEL_VAR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EVENKEEL_ENV == "test"
        else "evenkeel.web.ui.storage.FingerprintedStaticFiles"
    },
}

# -- mail --------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("EVENKEEL_SMTP_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("EVENKEEL_SMTP_PORT", "587" if PRODUCTION else "1025"))
EMAIL_HOST_USER = os.environ.get("EVENKEEL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EVENKEEL_SMTP_PASSWORD", "")
_smtp_tls = os.environ.get("EVENKEEL_SMTP_TLS", "starttls" if PRODUCTION else "none")
EMAIL_USE_TLS = _smtp_tls == "starttls"
EMAIL_USE_SSL = _smtp_tls == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("EVENKEEL_MAIL_FROM", "clinic@evenkeel.invalid")

# -- jobs and logs -----------------------------------------------------------

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_ON_APP_READY = None
LOGGING = logging_config(level=os.environ.get("EVENKEEL_LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
