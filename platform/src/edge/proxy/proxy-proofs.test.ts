import { afterEach, describe, expect, test } from "vitest";
import type { Running } from "../../kernel/index.ts";
import { answeringDyno, ask, fakeRouter } from "./proxy-fixtures.ts";

const TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
const PATH = `/.well-known/acme-challenge/${TOKEN}`;
const PROOF = `${TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nthe app";

const kept: Running[] = [];
afterEach(async () => {
  for (const thing of kept.splice(0).reverse()) await thing.stop();
});

async function start(proofs: ReadonlyMap<string, string>) {
  const seen: string[] = [];
  const dyno = await answeringDyno((head) => {
    seen.push(head.split("\r\n")[0] ?? "");
    return OK;
  });
  kept.push(dyno);
  const router = await fakeRouter({ proof: (host, token) => proofs.get(`${host} ${token}`) });
  kept.push(router);
  router.endpoints(dyno.port);
  return { router, seen };
}

const waited = new Map([
  [`app.localhost ${TOKEN}`, PROOF],
  [`gone.localhost ${TOKEN}`, PROOF],
  [`localhost ${TOKEN}`, PROOF],
]);

describe("a proof that an authority waits for", () => {
  test.each([
    ["an app", "app.localhost"],
    ["an app, with a port", "app.localhost:80"],
    ["an app, in capitals", "APP.localhost"],
    ["the domain itself", "localhost"],
    ["a name that is no app's any more", "gone.localhost"],
  ])("is answered for %s", async (_, host) => {
    const { router, seen } = await start(waited);
    const answer = await ask(router.port, `GET ${PATH} HTTP/1.1`, `Host: ${host}`);
    expect(answer).toMatchObject({ status: 200, body: PROOF });
    expect(answer.fields["content-type"]).toBe("application/octet-stream");
    expect(seen).toEqual([]);
  });

  test("is answered while the app is down for maintenance, or has nothing that runs", async () => {
    const { router } = await start(waited);
    router.route({ maintenance: true });
    expect((await ask(router.port, `GET ${PATH} HTTP/1.1`, "Host: app.localhost")).body).toBe(PROOF);
    router.route({ webQuantity: 0, released: false });
    expect((await ask(router.port, `GET ${PATH} HTTP/1.1`, "Host: app.localhost")).body).toBe(PROOF);
  });

  test("leaves the connection good for the next request", async () => {
    const { router } = await start(waited);
    const both = await ask(
      router.port,
      `GET ${PATH} HTTP/1.1`,
      "Host: app.localhost",
      "",
      "GET / HTTP/1.1",
      "Host: app.localhost",
      "Connection: close",
    );
    expect(both.body).toContain(PROOF);
    expect(both.body).toContain("the app");
  });
});

describe("the same path is the app's", () => {
  test.each([
    ["for another token", `GET ${PATH}x`, "app.localhost"],
    ["for no token", "GET /.well-known/acme-challenge/", "app.localhost"],
    ["with a query", `GET ${PATH}?a`, "app.localhost"],
    ["for what is below it", `GET ${PATH}/x`, "app.localhost"],
    ["for another way to write it", `GET ${PATH.replace("acme", "%61cme")}`, "app.localhost"],
    ["for what is not read", `DELETE ${PATH}`, "app.localhost"],
  ])("%s", async (_, line, host) => {
    const { router, seen } = await start(waited);
    expect((await ask(router.port, `${line} HTTP/1.1`, `Host: ${host}`)).body).toBe("the app");
    expect(seen).toEqual([`${line} HTTP/1.1`]);
  });

  test("when nobody waits for a proof", async () => {
    const { router, seen } = await start(new Map());
    expect((await ask(router.port, `GET ${PATH} HTTP/1.1`, "Host: app.localhost")).body).toBe("the app");
    expect(seen).toHaveLength(1);
  });

  test("for another host that nobody proves: there is no such app", async () => {
    const { router } = await start(waited);
    expect((await ask(router.port, `GET ${PATH} HTTP/1.1`, "Host: else.localhost")).status).toBe(404);
  });
});
