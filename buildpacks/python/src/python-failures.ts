import { type KnownFailure, knownAdvice } from "../../shared/logged-tool.ts";
import { libraryAdvice } from "../../shared/native-libraries.ts";

const RENEW = "Resolve for the Python that is used, or ask for another one:";

/** Before the general ones: the first that matches is told. */
const CAUSES: readonly KnownFailure[] = [
  {
    pattern:
      /requires a different Python: \S+ not in '([^']+)'|Requires-Python ([<>=!~][^;\s]*)|[Cc]urrent Python version \(\S+\) is not allowed by the project \(([^)]+)\)|Python version \(\S+\) does not satisfy Python([<>=!~][^\s]+)/,
    advice: [
      `A package, or that version of it, does not run on this Python: it asks for $1. ${RENEW}`,
      "  echo 3.13 > .python-version",
    ],
  },
  {
    pattern:
      /No matching distribution found for ([^\s(]+)|Could not find a version that satisfies the requirement ([^\s(]+)/,
    advice: [
      "The index gives no $1 for this Python: its name or version is wrong, or it is private and the token is missing. See what there is:",
      "  pip index versions <name>, and correct the line in requirements.txt",
      "  heroku config:set PIP_EXTRA_INDEX_URL=https://<user>:<token>@pypi.example.com/simple",
    ],
  },
  {
    pattern:
      /Cannot install (.{1,200}?) because these package versions have conflicting dependencies|ResolutionImpossible/,
    advice: [
      "Packages want different versions of another one ($1). Let a tool choose versions that agree, and commit them:",
      "  pip install pip-tools && pip-compile --output-file=requirements.txt requirements.in",
    ],
  },
  {
    pattern:
      /\b(401)(?: Client)? Error\b|\b(403)(?: Client)? Error\b|HTTP error (40[13])|(40[13]) (?:Unauthorized|Forbidden)/i,
    advice: [
      "An index refused the build ($1): it needs a user and a token. Put its address with them into a config var:",
      "  heroku config:set PIP_EXTRA_INDEX_URL=https://<user>:<token>@pypi.example.com/simple",
    ],
  },
  {
    pattern: /DO NOT MATCH THE HASHES|Hash mismatch for/i,
    advice: [
      "A package is not the one whose hash was committed: its file was replaced, or the hash is of another platform. Renew it:",
      "  pip-compile --generate-hashes --output-file=requirements.txt requirements.in",
    ],
  },
  {
    pattern: /Invalid requirement:? ['"]?([^'"\n]{1,100})/,
    advice: [
      "requirements.txt has a line that pip cannot read: $1. A version follows two equals signs: flask==3.1.2",
    ],
  },
  {
    pattern: /Could not open requirements file:.*['"]([^'"]+)['"]/,
    advice: ["requirements.txt names a file that was not pushed: $1. Add it: git add -f $1"],
  },
  {
    pattern: /pyproject\.toml changed significantly since poetry\.lock/,
    advice: [
      "pyproject.toml and poetry.lock do not agree. Renew and commit it: poetry lock && git add poetry.lock",
    ],
  },
  {
    pattern: /Your Pipfile\.lock \(\S+\) is out of date/,
    advice: [
      "Pipfile and Pipfile.lock do not agree. Renew and commit it: pipenv lock && git add Pipfile.lock",
    ],
  },
  {
    pattern: /can't find Rust compiler|Cargo, the Rust package manager, is not installed/,
    advice: [
      "A package has no wheel for this Python and would be compiled by Rust, which the base has not got. Take a version",
      "that has one: pip download --only-binary=:all: <name>",
    ],
  },
  {
    pattern: /No module named '(pkg_resources|distutils|setuptools|imp)(?:[.'])/,
    advice: [
      "A package's build needs $1, which newer Pythons have not got: the package is too old for this one. Take a newer",
      "version of it, or an older Python: echo 3.11 > .python-version",
    ],
  },
  {
    pattern:
      /command '?(\S*(?:gcc|g\+\+|cc|clang))'? failed: No such file|unable to execute '?(\S+?)'?: No such file/,
    advice: [
      "A package has no wheel for this Python and would be compiled, but the base has no $1. Take a version that has a",
      "wheel (pip download --only-binary=:all: <name>), or have the operator install it.",
    ],
  },
  {
    pattern: /No such file or directory: '(git|hg|svn)'|Cannot find command '(git|hg|svn)'/,
    advice: [
      "A package is fetched by $1, which the base has not got. Add it: echo $1 >> Aptfile && git add Aptfile",
    ],
  },
  {
    pattern:
      /could not read (?:Username|Password)|Permission denied \(publickey|Host key verification failed|Repository not found/,
    advice: [
      "A package comes from a private repository, whose credentials the build has not got. Name it with a token that is a",
      "config var, in requirements.txt: git+https://$" + "{GIT_TOKEN}@example.com/acme/package.git",
    ],
  },
  {
    pattern:
      /Failed to establish a new connection|NewConnectionError|Name or service not known|Temporary failure in name resolution|Read timed out|error sending request|Connection refused/i,
    advice: [
      "An index of packages could not be reached. Push again later. The operator can name a mirror in PIP_INDEX_URL.",
    ],
  },
  {
    pattern: /No space left on device/,
    advice: [
      "The build has no room left on its disk. Install less: many packages have a smaller variant (torch's CPU wheels, say).",
    ],
  },
  {
    pattern: /^Killed\s*$|MemoryError\b|signal: 9|exit code:? -9/m,
    advice: [
      "The build ran out of memory. Take packages that have wheels, so that nothing is compiled here: --only-binary=:all:",
    ],
  },
  {
    pattern:
      /KeyError: '([A-Z][A-Z0-9_]{2,})'|Set the (\w+) environment variable|ImproperlyConfigured: .*\b([A-Z][A-Z0-9_]{4,})\b/,
    advice: [
      "The app reads $1 when it is loaded, and the build has none. Set it: heroku config:set $1=<value>",
    ],
  },
];

/** What to do about a failure of pip, uv, Poetry, Pipenv or Django, by what it has written; undefined for unknown ones. */
export function pythonAdvice(output: string): readonly string[] | undefined {
  return libraryAdvice(output) ?? knownAdvice(CAUSES, output);
}
