"""All settings, from the environment only. Without any, Synergy runs embedded and local: state below SYNERGY_HOME, no network.

Deployed: SYNERGY_ENV=production, SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL, REDIS_URL, and DATABASE_PASSWORD, REDIS_PASSWORD where
the URLs have none (each may be <NAME>_FILE).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from synergy.env import (
    broker_url,
    database,
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_path,
    env_str,
    env_url,
    redis_db,
    runtime_dir,
    stored_secret,
)

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = env_choice("SYNERGY_ENV", ("local", "production")) == "production"

# --- where things are ------------------------------------------------------------------------------------------------

SYNERGY_HOME = env_path("SYNERGY_HOME", BASE_DIR / "var")  #: all state: pg/ valkey/ artifacts/ runs/ cache/ logs/ secrets/
ARTIFACTS_DIR = SYNERGY_HOME / "artifacts"
RUNS_DIR = SYNERGY_HOME / "runs"
CACHE_DIR = env_path("SYNERGY_CACHE", SYNERGY_HOME / "cache")  #: dependencies of the stacks, a browser: can be made again
LOGS_DIR = SYNERGY_HOME / "logs"
RUNTIME_DIR = runtime_dir(SYNERGY_HOME)  #: unix sockets

#: Tools found by hand instead of by search; empty = search (synergy.core.tools)
TOOL_PATHS = {
    "node": env_str("SYNERGY_NODE"),
    "bwrap": env_str("SYNERGY_BWRAP"),
    "browser": env_str("SYNERGY_CHROMIUM"),
}

# --- services --------------------------------------------------------------------------------------------------------

EMBEDDED_POSTGRES = not env_str("DATABASE_URL")
EMBEDDED_VALKEY = not env_str("REDIS_URL")
DATABASE_URL = env_url("DATABASE_URL", "DATABASE_PASSWORD") or f"postgresql://synergy@/synergy?host={quote(str(RUNTIME_DIR))}"
REDIS_URL = env_url("REDIS_URL", "REDIS_PASSWORD") or (
    f"unix://:{stored_secret(SYNERGY_HOME, 'valkey')}@{quote(str(RUNTIME_DIR))}/valkey.sock"  # password in a private folder
)
DATABASES = {"default": database(DATABASE_URL)}
DATABASE_CONNECTIONS = env_int("SYNERGY_DB_CONNECTIONS", 8, low=2, high=1000)  #: of one process, beside its heart's
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_db(REDIS_URL, 2),
        "KEY_PREFIX": "synergy",
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5} if not EMBEDDED_VALKEY else {},
    }
}

#: Without a key everything is built from blueprints. The prices of other models than these two are looked up as well.
EMAIL_HOST, EMAIL_PORT = env_str("EMAIL_HOST", "localhost"), env_int("EMAIL_PORT", 25, low=1, high=65535)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_USER"), env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = bool(EMAIL_HOST_USER)  # no password goes out in the clear
EMAIL_TIMEOUT = 5  # seconds
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "synergy@localhost")

ALERTS_TOKEN = env_str("ALERTS_TOKEN")  # of Alertmanager; without it /internal/alerts does not exist
PUBLIC_URL = env_str("SYNERGY_URL").rstrip("/")  # where people reach this installation; alerts link there
# Pairs host:port that alerts may go to although their address is not public.
ALERT_HOSTS = env_list("SYNERGY_ALERT_HOSTS", [])
PAGERDUTY_URL = env_str("SYNERGY_PAGERDUTY_URL", "https://events.pagerduty.com/v2/enqueue")

MODELS = {
    "url": env_str("SYNERGY_MODEL_URL", "https://openrouter.ai/api/v1"),
    "key": env_str("OPENROUTER_API_KEY"),
    "model": env_str("SYNERGY_MODEL", "x-ai/grok-4-fast"),
    "fallback": env_str("SYNERGY_FALLBACK_MODEL", "google/gemini-2.5-flash-lite"),
    "rate": env_int("SYNERGY_MODEL_RATE", 120, low=1, high=60_000),  # calls a minute
    "concurrency": env_int("SYNERGY_MODEL_CONCURRENCY", 8, low=1, high=1000),  # calls at a time, of all workers together
    "deadline": env_int("SYNERGY_MODEL_DEADLINE", 120, low=1, high=600),  # seconds that one answer may take in all
}

WEB_PORT = env_int("SYNERGY_PORT", 8000, low=0, high=65535)  #: ``manage.py up`` takes a free port when this one is taken

# --- Django ----------------------------------------------------------------------------------------------------------

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_str("SECRET_KEY")
if not SECRET_KEY:
    if PRODUCTION:  # several machines must share one key, so none may invent its own
        raise ImproperlyConfigured("SYNERGY_ENV=production needs SECRET_KEY or SECRET_KEY_FILE.")
    SECRET_KEY = stored_secret(SYNERGY_HOME, "secret_key")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("SYNERGY_ENV=production needs ALLOWED_HOSTS, the names people use, separated by commas.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "django_prometheus",
    "synergy",
    "synergy.core",
    "synergy.workflow",
    "inference",
    "uiagents",
    "visual",
    "slo",
    "monitor",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "synergy.urls"
ASGI_APPLICATION = "synergy.asgi.application"
WSGI_APPLICATION = "synergy.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # static files are served from the packages: nothing to collect, nothing to forget
PROMETHEUS_EXPORT_MIGRATIONS = False  # it would ask the database at import
METRICS_TOKEN = env_str("METRICS_TOKEN")  #: of the scraper; without it there is no /metrics
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- security: strict always, https where there is https ------------------------------------------------------------

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [
    r"^health$",
    r"^ready$",
    r"^metrics$",
    r"^internal/alerts$",
]  # asked by the machine next door, over http
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes; a message has at most 100 kB

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "synergy.workflow.api.problem",
}

# --- Celery: the wire. The ledger in Postgres is the truth, so a message may get lost or doubled ----------------------

QUEUES = ("agents", "browser", "tests", "control")
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL") or broker_url(REDIS_URL, 0)
CELERY_RESULT_BACKEND = broker_url(REDIS_URL, 1)  # chord counters only; nothing reads results
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2 * 3600,  # above the longest task, else it is started a second time while it runs
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,  # the default sweeps once in 100 s
    "health_check_interval": 10,
    "global_keyprefix": "synergy:",
    "max_retries": 2,  # of a publish: it fails within half a second, and the ledger knows what is left to send
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
    **({"socket_timeout": 30, "socket_connect_timeout": 5} if not EMBEDDED_VALKEY else {}),
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"global_keyprefix": "synergy:"}
CELERY_RESULT_EXPIRES = 3600
CELERY_RESULT_BACKEND_ALWAYS_RETRY = True
CELERY_RESULT_BACKEND_MAX_RETRIES = 20
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True  # ends the loop of a task that kills its own child
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_TASK_ROUTES = {
    "inference.*": {"queue": "agents"},
    "uiagents.*": {"queue": "agents"},
    "visual.*": {"queue": "browser"},
    "slo.*": {"queue": "tests"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_CONSUMER = "synergy.workflow.consuming:Consumer"
CELERY_WORKER_POOL = "synergy.workflow.pooling:TaskPool"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env_int("SYNERGY_CONCURRENCY", 3, low=1, high=256)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"

# --- the engine ------------------------------------------------------------------------------------------------------

SYNERGY_PIPELINE = env_str("SYNERGY_PIPELINE", "synergy.workflow.pipeline")  #: module with ``PIPELINE``
ENGINE_LEASE = env_int("SYNERGY_LEASE", 6, low=2, high=600)  #: seconds without a beat after which a worker counts as dead
ENGINE_BACKOFF = tuple(float(s) for s in env_list("SYNERGY_BACKOFF", ["10", "20", "40"]))  #: seconds before each further try
ENGINE_QUEUED_LIMIT = env_int("SYNERGY_QUEUED_LIMIT", 3600, low=1)  #: seconds a step waits for a worker at most

#: "json" is for machines: an object a line
LOG_FORMAT = env_choice("LOG_FORMAT", ("json", "line") if PRODUCTION else ("line", "json"))
LOG_LEVEL = env_choice("LOG_LEVEL", ("WARNING", "DEBUG", "INFO", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"traced": {"()": "synergy.logs.Traced"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s%(trace)s"},
        "json": {"()": "synergy.logs.Json"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["traced"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"level": LOG_LEVEL},
    },  # not in a form of its own
}
