import { adviceFor, type KnownFailure } from "../../shared/logged-tool.ts";
import { libraryAdvice } from "../../shared/native-libraries.ts";

const CAUSES: readonly KnownFailure[] = [
  {
    pattern: /requires go >= ?v?(\d[\w.]*)/,
    advice: ["A module needs Go $1 or newer. Ask for it in go.mod:", "  go mod edit -go=$1"],
  },
  {
    pattern: /SECURITY ERROR|checksum mismatch/,
    advice: [
      "A module's content is not what go.sum says. If its author has moved the tag, take the new one: go clean -modcache && go mod tidy",
      "If a module is private, the proxy must not be asked for it: heroku config:set GOPRIVATE=<host>/<path>",
    ],
  },
  {
    pattern: /missing go\.sum entry|updates to go\.(?:mod|sum) needed|no required module provides package/,
    advice: [
      "go.mod and go.sum do not hold all that the code imports. Complete and commit them:",
      "  go mod tidy && git add go.mod go.sum",
    ],
  },
  {
    pattern: /inconsistent vendoring|import lookup disabled by -mod=vendor|not marked as explicit in vendor/,
    advice: [
      "The vendor folder does not agree with go.mod. Make it again and commit it, or remove it:",
      "  go mod vendor && git add vendor",
    ],
  },
  {
    pattern: /"?(git|hg|svn|bzr|fossil)"?: executable file not found/,
    advice: ["A module is fetched by $1, which the build's base does not have. The operator installs it."],
  },
  {
    pattern:
      /could not read (?:Username|Password)|terminal prompts disabled|Permission denied \(publickey|Repository not found|Authentication failed|\b(?:401 Unauthorized|403 Forbidden|404 Not Found|410 Gone)/,
    advice: [
      "A module is private, or is not there. For a private one, commit its source: go mod vendor && git add vendor",
      "Or let the build read it:",
      "  heroku config:set GOPRIVATE=<host>/<path> GO_GIT_CRED__HTTPS__<HOST>=<user>:<token>   (dots of the host as __)",
    ],
  },
  {
    pattern: /C compiler "?\S+"? not found|"?(?:gcc|g\+\+|clang|cc)"?: executable file not found/,
    advice: [
      "A package needs a C compiler, which the build's base does not have. The operator installs gcc; a package",
      "that can do without is built by: heroku config:set CGO_ENABLED=0",
    ],
  },
  {
    pattern: /signal: killed|cannot allocate memory|out of memory/,
    advice: [
      "The build ran out of memory. Let it compile one package at a time: heroku config:set GOFLAGS=-p=1",
    ],
  },
  {
    pattern: /no such host|connection refused|i\/o timeout|TLS handshake|certificate signed by unknown/,
    advice: [
      "Modules could not be fetched. Push again later, or commit them: go mod vendor && git add vendor",
      "The operator can name a proxy in GOPROXY.",
    ],
  },
  {
    pattern: /is not in (?:std|GOROOT)/,
    advice: [
      "A package of the standard library is not in this Go, or its name is wrong. Ask for a newer Go in go.mod:",
      "  go mod edit -go=1.25",
    ],
  },
];

/** What to do about a failure of the `go` program, by what it has written. */
export function goAdvice(output: string): readonly string[] {
  return libraryAdvice(output) ?? adviceFor(CAUSES, output);
}
