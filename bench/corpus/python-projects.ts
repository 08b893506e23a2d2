import { type CorpusProject, greets } from "./corpus-project.ts";

const language = "Python";
const PYPROJECT = (packages: readonly string[], more = "") => `[project]
name = "app"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ${JSON.stringify(packages)}
${more}`;

/** Poetry's own client of PyPI needs pages that not every mirror has. */
const SIMPLE =
  '\n[[tool.poetry.source]]\nname = "simple"\nurl = "https://pypi.org/simple/"\npriority = "primary"\n';

const FLASK = `from flask import Flask

app = Flask(__name__)


@app.get("/")
def home():
    return "Hello from Flask"
`;
const FACTORY = `from flask import Flask


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "Hello from a factory")
    return app
`;
const FASTAPI = `from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def home():
    return {"greeting": "Hello from FastAPI"}
`;
const STARLETTE = `from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("Hello from Starlette"))])
`;
const BOTTLE = `import os
from bottle import route, run


@route("/")
def home():
    return "Hello from Bottle"


run(host="0.0.0.0", port=int(os.environ["PORT"]))
`;
const AIOHTTP = `import os
from aiohttp import web


async def home(request):
    return web.Response(text="Hello from aiohttp")


app = web.Application()
app.router.add_get("/", home)
web.run_app(app, port=int(os.environ["PORT"]))
`;
const TORNADO = `import asyncio, os
from tornado.web import Application, RequestHandler


class Home(RequestHandler):
    def get(self):
        self.write("Hello from Tornado")


async def main():
    Application([("/", Home)]).listen(int(os.environ["PORT"]))
    await asyncio.Event().wait()


asyncio.run(main())
`;
const PLAIN = `import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"Hello from Python {sys.version}".encode())


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Answer).serve_forever()
`;
const NUMBERS = `import numpy
from flask import Flask

app = Flask(__name__)


@app.get("/")
def home():
    return f"Hello, the sum is {numpy.arange(5).sum()}"
`;

/** An app of one file and `requirements.txt`; without a default command it has a Procfile. */
function pip(name: string, source: string, packages: readonly string[], more = {}): CorpusProject {
  const files = { "app.py": source, "requirements.txt": `${packages.join("\n")}\n`, ...more };
  return { name, language, files, ...greets("app.py") };
}

const GUNICORN = "gunicorn==23.0.0";
const BY_PYTHON = { Procfile: "web: python app.py\n" };

const VIEW = `from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("Hello from Django"))]
`;
const ALLOWED = { file: "mysite/settings.py", from: "ALLOWED_HOSTS = []", to: 'ALLOWED_HOSTS = ["*"]' };

/** As `django-admin startproject` makes it, with a page of its own. */
function django(
  name: string,
  requirements: readonly string[],
  edits: CorpusProject["edits"] = [],
): CorpusProject {
  return {
    ...{ name, language },
    scaffold: [
      ["mkdir", "app"],
      ["uvx", "--from", "django==5.2.7", "django-admin", "startproject", "mysite", "app"],
    ],
    files: { "mysite/urls.py": VIEW, "requirements.txt": `${requirements.join("\n")}\n` },
    edits: [ALLOWED, ...edits],
    ...greets("mysite/urls.py"),
  };
}

const WHITENOISE = [
  {
    file: "mysite/settings.py",
    from: "'django.contrib.sessions.middleware",
    to: "'whitenoise.middleware.WhiteNoiseMiddleware',\n    'django.contrib.sessions.middleware",
  },
  {
    file: "mysite/settings.py",
    from: "STATIC_URL =",
    to: 'STATIC_ROOT = BASE_DIR / "staticfiles"\nSTATIC_URL =',
  },
];

/** Web frameworks over package managers, and ways of naming a version. */
export const pythonProjects: readonly CorpusProject[] = [
  pip("python-pip-flask", FLASK, ["flask==3.1.2", GUNICORN]),
  pip("python-pip-flask-factory", FACTORY, ["flask==3.1.2", "waitress==3.0.2"]),
  pip("python-pip-flask-alone", FLASK, ["flask==3.1.2"]),
  pip("python-pip-fastapi", FASTAPI, ["fastapi[standard]==0.119.0"]),
  pip("python-pip-fastapi-uvicorn", FASTAPI, ["fastapi==0.119.0", "uvicorn==0.37.0"]),
  pip("python-pip-starlette", STARLETTE, ["starlette==0.48.0", "uvicorn==0.37.0"], {
    Procfile: "web: uvicorn app:app --host 0.0.0.0 --port $PORT\n",
  }),
  pip("python-pip-bottle", BOTTLE, ["bottle==0.13.4"], BY_PYTHON),
  pip("python-pip-aiohttp", AIOHTTP, ["aiohttp==3.13.0"], BY_PYTHON),
  pip("python-pip-tornado", TORNADO, ["tornado==6.5.2"], BY_PYTHON),
  pip("python-pip-numpy", NUMBERS, ["flask==3.1.2", "numpy==2.3.3", GUNICORN]),
  pip("python-version-file", PLAIN, ["bottle==0.13.4"], { ...BY_PYTHON, ".python-version": "3.11\n" }),
  pip("python-runtime-txt", PLAIN, ["bottle==0.13.4"], { ...BY_PYTHON, "runtime.txt": "python-3.11.2\n" }),
  django("django-wsgi", ["django==5.2.7", GUNICORN]),
  django("django-static-files", ["django==5.2.7", GUNICORN, "whitenoise==6.11.0"], WHITENOISE),
  django("django-asgi", ["django==5.2.7", "uvicorn==0.37.0"]),
  {
    ...{ name: "python-uv-fastapi", language },
    files: { "main.py": FASTAPI, "pyproject.toml": PYPROJECT(["fastapi==0.119.0", "uvicorn==0.37.0"]) },
    finish: [["uv", "lock"]],
    ...greets("main.py"),
  },
  {
    ...{ name: "python-uv-init-package", language },
    scaffold: [["uv", "init", "--package", "--vcs", "none", "--no-readme", "--name", "webapp", "app"]],
    files: {
      "src/webapp/__init__.py": PLAIN.replace('HTTPServer(("', 'def main():\n    HTTPServer(("'),
      Procfile: "web: webapp\n",
    },
    finish: [["uv", "lock"]],
    ...greets("src/webapp/__init__.py"),
  },
  {
    ...{ name: "python-poetry-flask", language },
    files: {
      "app.py": FLASK,
      "pyproject.toml": PYPROJECT(
        ["flask==3.1.2", GUNICORN],
        `\n[tool.poetry]\npackage-mode = false\n${SIMPLE}`,
      ),
    },
    finish: [["uvx", "--from", "poetry==2.2.1", "poetry", "lock"]],
    ...greets("app.py"),
  },
  {
    ...{ name: "python-pipenv-flask", language },
    files: {
      "app.py": FLASK,
      Pipfile:
        '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n\n[packages]\nflask = "==3.1.2"\ngunicorn = "==23.0.0"\n',
    },
    finish: [["uvx", "--from", "pipenv==2025.0.4", "pipenv", "lock"]],
    ...greets("app.py"),
  },
  {
    ...{ name: "python-pyproject-alone", language },
    files: {
      "app.py": FLASK,
      "pyproject.toml": PYPROJECT(["flask==3.1.2", GUNICORN], '\n[tool.setuptools]\npy-modules = ["app"]\n'),
    },
    ...greets("app.py"),
  },
];
