import { expect, it } from "vitest";
import { libraryAdvice } from "./native-libraries.ts";

it.each([
  ["src/db.c:3:10: fatal error: libpq-fe.h: No such file or directory", "libpq-fe.h", "libpq-dev"],
  ["Error: pg_config executable not found.", "pg_config", "libpq-dev"],
  ["fatal error: 'sqlite3.h' file not found", "sqlite3.h", "libsqlite3-dev"],
  ["../src/a.cc:1:10: fatal error: vips/vips8.h: No such file", "vips/vips8.h", "libvips-dev"],
  ["/usr/bin/ld: cannot find -lxml2: No such file or directory", "xml2", "libxml2-dev"],
  ["/usr/bin/ld: cannot find -lssl", "ssl", "libssl-dev"],
  ["Package cairo was not found in the pkg-config search path.", "cairo", "libcairo2-dev"],
  ["No package 'pangocairo' found", "pangocairo", "libpango1.0-dev"],
  ["mysql_config not found", "mysql_config", "default-libmysqlclient-dev"],
  ["fatal error: lber.h: No such file or directory", "lber.h", "libldap2-dev"],
])("%j misses %s, which %s has", (output, missing, name) => {
  const advice = libraryAdvice(`gcc -c a.c\n${output}\ncompilation terminated.`)?.join("\n");
  expect(advice).toContain(`needs ${missing},`);
  expect(advice).toContain(`echo ${name} >> Aptfile`);
});

it("says how to find a package that it does not know", () => {
  const advice = libraryAdvice("a.c:1:10: fatal error: strange/thing.h: No such file or directory");
  expect(advice?.join("\n")).toContain("echo <package> >> Aptfile");
});

it("names what a program of the build misses", () => {
  const output = "chrome: error while loading shared libraries: libnss3.so: cannot open shared object file";
  expect(libraryAdvice(output)?.[0]).toContain("needs libnss3.so,");
});

it.each(["", "main.c:1: error: expected ';'", "Package 'x' is deprecated"])("is nothing for %j", (output) => {
  expect(libraryAdvice(output)).toBeUndefined();
});
