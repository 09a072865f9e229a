"""A small page as Django's documentation has it: a template over two dozen rows, kept by the cache middleware.

The cache is in this process's memory, and keeps the compressed response. No session and no database is used.
"""

from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import Context, Engine
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no site but the one that is measured",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    CACHE_MIDDLEWARE_SECONDS=600,
    MIDDLEWARE=[
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
    ],
)
django.setup()

TEMPLATE = Engine().from_string((Path(__file__).parent / "page.html").read_text())
PHOTOS = [{"id": number, "title": f"Photo {number}", "rank": number, "mean": 5.5} for number in range(1, 25)]


def top(request):
    return HttpResponse(TEMPLATE.render(Context({"photos": PHOTOS})))


urlpatterns = [path("top", top)]
application = get_wsgi_application()
