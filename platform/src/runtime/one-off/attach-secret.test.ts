import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newId } from "../../kernel/index.ts";
import { dynoIdOf, makeAttachUrl, readFirstLine } from "./attach-secret.ts";

const KEY = Buffer.alloc(32, 1);
const dynoId = newId();
const secretOf = (id: string, key = KEY) =>
  makeAttachUrl(key)("https://localhost:6400", id).replace("rendezvous://localhost:6400/", "");
const secret = secretOf(dynoId);

test.each([
  ["https://localhost:6400", "rendezvous://localhost:6400/"],
  ["http://127.0.0.1:6400", "rendezvous://127.0.0.1:6400/"],
  ["https://conifer.example.com", "rendezvous://conifer.example.com:443/"],
  ["http://conifer.example.com", "rendezvous://conifer.example.com:80/"],
  ["http://[::1]:6400", "rendezvous://[::1]:6400/"],
])("under %s the address is %s and the secret", (origin, address) => {
  expect(makeAttachUrl(KEY)(origin, dynoId)).toBe(`${address}${secret}`);
});

describe("a secret", () => {
  test("stands for its dyno", () => {
    expect(dynoIdOf(secret, KEY)).toBe(dynoId);
  });

  test.each([
    ["of another key", secretOf(dynoId, Buffer.alloc(32, 2))],
    ["for another dyno", secret.replace(dynoId, newId())],
    ["cut short", secret.slice(0, -1)],
    ["with more behind", `${secret}x`],
    ["empty", ""],
    ["of another form", "GET / HTTP/1.1"],
    ["in capitals", secret.toUpperCase()],
  ])("%s stands for nothing", (_name, text) => {
    expect(dynoIdOf(text, KEY)).toBeUndefined();
  });
});

describe("a client's first line", () => {
  const read = (text: string) => {
    const found = readFirstLine(Buffer.from(text));
    return found.kind === "secret" ? `then ${JSON.stringify(found.rest.toString())}` : found.kind;
  };

  test.each([
    ["", "more"],
    ["rz-", "more"],
    [secret.slice(0, 82), "more"],
    [secret, "maybe"],
    [`${secret}\r`, "maybe"],
    [`${secret}\r\n`, 'then ""'],
    [`${secret}\n`, 'then ""'],
    [`${secret}\r\nls\n`, 'then "ls\\n"'],
    [`${secret}ls\n`, 'then "ls\\n"'],
    [`${secret}\n\n`, 'then "\\n"'],
    [`${secret}\rls`, 'then "\\rls"'],
    [`${secret}?a=b`, "more"],
    [`${secret}?a=b\r\nls`, 'then "ls"'],
    [`${secret}?${"x".repeat(600)}`, "refused"],
    ["GET / HTTP/1.1\r\n", "refused"],
    [`${"x".repeat(83)}`, "refused"],
    ["\n", "refused"],
  ])("%j: %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test("is read the same however it was cut into packets, and takes nothing of what follows", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("", "\r\n", "\n", "?a=b\r\n"),
        fc
          .uint8Array({ maxLength: 50 })
          .filter((bytes) => !/^[\r\n?]/.test(String.fromCharCode(bytes[0] ?? 120))),
        (lineEnd, follows) => {
          const whole = Buffer.concat([Buffer.from(secret + lineEnd), follows]);
          for (let cut = 0; cut < secret.length; cut++)
            expect(readFirstLine(whole.subarray(0, cut)).kind).toBe("more");
          const found = readFirstLine(whole);
          if (lineEnd === "" && follows.length === 0) expect(found).toEqual({ kind: "maybe", secret });
          else expect(found).toEqual({ kind: "secret", secret, rest: Buffer.from(follows) });
        },
      ),
      { numRuns: 50 },
    );
  });
});
