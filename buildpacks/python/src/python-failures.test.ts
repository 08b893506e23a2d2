import { describe, expect, it } from "vitest";
import { pythonAdvice } from "./python-failures.ts";

// What pip, uv, Poetry, Pipenv and Django write, and a word of what a person is told.
describe("what to do about what Python's tools say", () => {
  it.each([
    [
      "ERROR: Package 'app' requires a different Python: 3.11.2 not in '>=3.13'",
      "asks for >=3.13. Resolve for the Python that is used",
    ],
    [
      "ERROR: Ignored the following versions that require a different python version: 6.0 Requires-Python >=3.12; 6.0.1 Requires-Python >=3.12\nERROR: Could not find a version that satisfies the requirement django==6.0 (from versions: 1.1.3)\nERROR: No matching distribution found for django==6.0",
      "asks for >=3.12",
    ],
    [
      'Current Python version (3.11.2) is not allowed by the project (>=3.13).\nPlease change python executable via the "env use" command.',
      "asks for >=3.13",
    ],
    [
      "ERROR: Could not find a version that satisfies the requirement flask==99.0 (from versions: 0.1, 0.2)\nERROR: No matching distribution found for flask==99.0",
      "gives no flask==99.0",
    ],
    [
      "ERROR: Cannot install flask==3.1.2 and werkzeug==1.0.0 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n    The user requested werkzeug==1.0.0",
      "(flask==3.1.2 and werkzeug==1.0.0)",
    ],
    [
      "ERROR: HTTP error 401 while getting https://pypi.example.com/x.whl",
      "PIP_EXTRA_INDEX_URL=https://<user>:<token>@",
    ],
    [
      "error: Failed to fetch: HTTP status client error (403 Forbidden) for url",
      "An index refused the build",
    ],
    [
      "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions",
      "pip-compile --generate-hashes",
    ],
    [
      "ERROR: Invalid requirement: 'flask=3.1' (from line 1 of requirements.txt)\nHint: = is not a valid operator. Did you mean == ?",
      "cannot read: flask=3.1. A version follows two equals signs",
    ],
    [
      "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'base.txt'",
      "git add -f base.txt",
    ],
    [
      "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file.",
      "poetry lock && git add poetry.lock",
    ],
    ["Your Pipfile.lock (93ebf2) is out of date. Expected: (4a7f9b).", "pipenv lock && git add Pipfile.lock"],
    ["error: can't find Rust compiler", "compiled by Rust"],
    ["ModuleNotFoundError: No module named 'pkg_resources'", "needs pkg_resources"],
    ["ModuleNotFoundError: No module named 'distutils.core'", "needs distutils"],
    ["error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "no x86_64-linux-gnu-gcc"],
    ["Error: pg_config executable not found.", "echo libpq-dev >> Aptfile"],
    [
      "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
      "echo git >> Aptfile",
    ],
    [
      "fatal: could not read Username for 'https://example.com': terminal prompts disabled",
      "$" + "{GIT_TOKEN}",
    ],
    [
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': Failed to establish a new connection",
      "could not be reached",
    ],
    [
      "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
      "no room left",
    ],
    ["Building wheel for pandas\nKilled\n", "ran out of memory"],
    [
      "    SECRET_KEY = os.environ['SECRET_KEY']\nKeyError: 'SECRET_KEY'",
      "heroku config:set SECRET_KEY=<value>",
    ],
    [
      "django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable",
      "heroku config:set DATABASE_URL=<value>",
    ],
  ])("%j", (output, words) => {
    expect(pythonAdvice(`Collecting a\n${output}\n`)?.join("\n")).toContain(words);
  });

  it.each(["", "KeyError: 'x'", "error: something else", "Collecting ms"])("is nothing for %j", (output) => {
    expect(pythonAdvice(output)).toBeUndefined();
  });
});
