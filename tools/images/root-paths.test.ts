import { expect, test } from "vitest";
import { keptMode, placeOf } from "./root-paths.ts";

test.each([
  ["./usr/bin/env", "usr/bin/env"],
  ["./bin/bash", "usr/bin/bash"],
  ["./sbin/ldconfig", "usr/sbin/ldconfig"],
  ["./lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"],
  ["./lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"],
  ["/etc//passwd", "etc/passwd"],
  ["./etc/", "etc"],
  ["./library/x", "library/x"],
  ["./usr/lib/", "usr/lib"],
  ["./usr/share/doc/bash/copyright", "usr/share/doc/bash/copyright"],
  ["./usr/share/doc/bash/", "usr/share/doc/bash"],
  ["./usr/share/doc/libstdc++6", "usr/share/doc/libstdc++6"],
  ["./usr/share/locales", "usr/share/locales"],
  ["./etc/ssl/openssl.cnf", "etc/ssl/openssl.cnf"],
])("%s goes to %s", (path, place) => {
  expect(placeOf(path)).toBe(place);
});

test.each([
  ["the root itself", "./"],
  ["a folder that becomes a link", "./bin/"],
  ["a link that a package has already", "./lib64"],
  ["a manual page", "./usr/share/man/man1/bash.1.gz"],
  ["a translation", "./usr/share/locale/de/LC_MESSAGES/bash.mo"],
  ["a change log", "./usr/share/doc/bash/changelog.gz"],
  ["an example that is called copyright-like", "./usr/share/doc/bash/copyright.txt"],
  ["a service", "./lib/systemd/system/x.service"],
  ["an init script", "./etc/init.d/procps"],
  ["a lock", "./var/lock"],
  ["something in /run", "./run/x"],
])("%s is left out: %s", (_, path) => {
  expect(placeOf(path)).toBeUndefined();
});

test.each(["../etc/passwd", "./usr/../../x", ".."])("%s leads out", (path) => {
  expect(() => placeOf(path)).toThrow("leads out");
});

test.each([
  ["a program", 0o755, 0o755],
  ["a program that changes its user", 0o4755, 0o755],
  ["a program that changes its group", 0o2755, 0o755],
  ["a folder for everybody", 0o1777, 0o1777],
  ["a mode with a file type", 0o100644, 0o644],
])("the mode of %s", (_, mode, kept) => {
  expect(keptMode(mode)).toBe(kept);
});
