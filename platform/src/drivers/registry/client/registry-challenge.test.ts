import { describe, expect, it } from "vitest";
import { parseChallenges, tokenUrl } from "./registry-challenge.ts";

const bearer = (realm: string, service?: string, scope?: string) =>
  ({ scheme: "bearer", realm, service, scope }) as const;

describe("what a registry wants", () => {
  it.each([
    [undefined, []],
    ["", []],
    ['Basic realm="x"', [{ scheme: "basic" }]],
    ["basic", [{ scheme: "basic" }]],
    ['Bearer realm="https://auth.example/token"', [bearer("https://auth.example/token")]],
    [
      'Bearer realm="https://a.example/t",service="r.example",scope="repository:a:pull,push"',
      [bearer("https://a.example/t", "r.example", "repository:a:pull,push")],
    ],
    [
      'bearer  service=r.example , realm = "https://a.example/t" , error="insufficient_scope"',
      [bearer("https://a.example/t", "r.example")],
    ],
    ['Bearer realm="https://a.example/\\"t\\""', [bearer('https://a.example/"t"')]],
    [
      'Negotiate, Bearer realm="https://a.example/t", Basic realm="a, b"',
      [bearer("https://a.example/t"), { scheme: "basic" }],
    ],
    [
      ['Bearer realm="https://a.example/t"', 'Basic realm="x"'],
      [bearer("https://a.example/t"), { scheme: "basic" }],
    ],
    ['Bearer service="x"', []],
    ['realm="x"', []],
    ["Digest realm=x, nonce=y", []],
  ])("%j", (header, wanted) => expect(parseChallenges(header)).toEqual(wanted));
});

describe("the address of tokens", () => {
  it("names the service and every scope once", () => {
    const url = tokenUrl(
      bearer("https://a.example/t?x=1", "r.example", "repository:a:pull repository:c:pull"),
      ["repository:a:pull", "repository:b:pull,push"],
    );
    expect(url.origin + url.pathname).toBe("https://a.example/t");
    expect([...url.searchParams]).toEqual([
      ["x", "1"],
      ["service", "r.example"],
      ["scope", "repository:a:pull"],
      ["scope", "repository:b:pull,push"],
      ["scope", "repository:c:pull"],
    ]);
  });

  it("names nothing that was not said", () => {
    expect(tokenUrl(bearer("https://a.example/t"), []).href).toBe("https://a.example/t");
  });
});
