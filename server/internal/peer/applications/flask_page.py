"""An application of Flask: its pages set a session cookie, and so are for one visitor each."""

import sys

from flask import Flask, render_template_string, session

app = Flask(__name__, static_folder=None)
app.secret_key = "no secret"

PAGE = """<!doctype html>
<title>page</title>
<link rel="stylesheet" href="{{ url_for('asset', name='style.css') }}">
<script src="{{ url_for('asset', name='app.js') }}"></script>
<p>visit {{ visit }}
"""


@app.get("/")
def page():
    session["visits"] = session.get("visits", 0) + 1
    return render_template_string(PAGE, visit=session["visits"])


@app.get("/<name>")
def asset(name):
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    return "", 200, {"Content-Type": kind, "Cache-Control": "public, max-age=3600"}


app.run("127.0.0.1", int(sys.argv[1]))
