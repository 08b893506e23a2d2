import { expect, it } from "vitest";
import { goAdvice } from "./go-failures.ts";

// What the go program writes, and a word of what a person is told.
it.each([
  [
    "go: example.com/x@v1.2.0 requires go >= 1.26.1 (running go 1.25.3; GOTOOLCHAIN=local)",
    "go mod edit -go=1.26.1",
  ],
  ["verifying example.com/x@v1.0.0: checksum mismatch\n\tSECURITY ERROR", "GOPRIVATE=<host>/<path>"],
  ["main.go:3:8: missing go.sum entry for module providing package x", "go mod tidy"],
  [
    "main.go:4:2: no required module provides package example.com/x; to add it:\n\tgo get example.com/x",
    "go mod tidy",
  ],
  ["go: updates to go.mod needed; to update it:", "go mod tidy"],
  ["go: inconsistent vendoring in /workspace:", "go mod vendor && git add vendor"],
  ['go: example.com/x@v1: exec: "git": executable file not found in $PATH', "fetched by git"],
  [
    "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
    "GO_GIT_CRED__HTTPS__<HOST>",
  ],
  ["reading https://proxy/x/@v/v1.info: 410 Gone", "A module is private, or is not there"],
  ['cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH', "CGO_ENABLED=0"],
  ["db.go:5:10: fatal error: sqlite3.h: No such file or directory", "echo libsqlite3-dev >> Aptfile"],
  ["/usr/bin/ld: cannot find -lvips: No such file", "echo libvips-dev >> Aptfile"],
  ["example.com/big: /go/pkg/tool/linux_amd64/compile: signal: killed", "GOFLAGS=-p=1"],
  ["dial tcp: lookup proxy.example: no such host", "name a proxy in GOPROXY"],
  ["main.go:4:2: package maps2 is not in std (/go/src/maps2)", "Ask for a newer Go"],
  ["./main.go:3:15: undefined: x", "See its output above."],
  ["", "See its output above."],
])("%j is told with %j", (output, words) => {
  expect(goAdvice(output).join("\n")).toContain(words);
});
