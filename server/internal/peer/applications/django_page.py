"""An application of Django: a form with its token, so that no two answers are alike and each is for
one visitor, and Django's own compression, which adds noise to that (BREACH)."""

import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.cache import cache_control

settings.configure(
    SECRET_KEY="no secret",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)

PAGE = """<!doctype html><html><head><title>page</title>
<link rel="stylesheet" href="/style.css">
<script src="/app.js"></script></head>
<body><form method="post">{% csrf_token %}<input name="q"></form>{% for i in many %}<p>text{% endfor %}</body></html>
"""


def page(request):
    template = engines["django"].from_string(PAGE)
    return HttpResponse(template.render({"many": range(100)}, request))


@cache_control(public=True, max_age=3600)
def asset(request, kind):
    return HttpResponse("", content_type=kind)


urlpatterns = [
    path("", page),
    path("style.css", asset, {"kind": "text/css"}),
    path("app.js", asset, {"kind": "text/javascript"}),
]

make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()).serve_forever()
