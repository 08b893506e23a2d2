import { expect, test } from "vitest";
import { readLibraries } from "./own-root-tools.ts";

const GLIBC = `\tlinux-vdso.so.1 (0x00007ffd)
\tlibcap-ng.so.0 => /lib/x86_64-linux-gnu/libcap-ng.so.0 (0x00007f01)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f02)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f03)
`;
const MUSL = `\t/lib/ld-musl-x86_64.so.1 (0x7f01)
\tlibcap-ng.so.0 => /usr/lib/libcap-ng.so.0 (0x7f02)
\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f03)
`;

test.each([
  [
    "glibc",
    GLIBC,
    ["/lib/x86_64-linux-gnu/libcap-ng.so.0", "/lib/x86_64-linux-gnu/libc.so.6"],
    "/lib64/ld-linux-x86-64.so.2",
  ],
  ["musl", MUSL, ["/usr/lib/libcap-ng.so.0", "/lib/ld-musl-x86_64.so.1"], "/lib/ld-musl-x86_64.so.1"],
  ["none", "\tstatically linked\n", [], undefined],
])("libraries of a program of %s", (_, text, libraries, loader) => {
  expect(readLibraries(text)).toEqual({ libraries, loader });
});
