import { expect, it } from "vitest";
import { isLfsPointer } from "./lfs-pointer.ts";

const oid = `oid sha256:${"4d7a".repeat(16)}`;

it.each([
  [`version https://git-lfs.github.com/spec/v1\n${oid}\nsize 12345\n`, true],
  [`version https://git-lfs.github.com/spec/v1\next-0-foo sha256:${"0".repeat(64)}\n${oid}\nsize 1\n`, true],
  [`version https://hawser.github.com/spec/v1\n${oid}\nsize 1\n`, true],
  [`version https://git-lfs.github.com/spec/v1\n${oid}\n`, false],
  [`version https://git-lfs.github.com/spec/v1\noid sha256:short\nsize 1\n`, false],
  [`# About\nversion https://git-lfs.github.com/spec/v1\n${oid}\nsize 1\n`, false],
  ["", false],
])("%j", (text, wanted) => {
  expect(isLfsPointer(Buffer.from(text))).toBe(wanted);
});
