import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return f"Hello from Flask, release {os.environ.get('HEROKU_RELEASE_VERSION', 'unknown')}\n"
