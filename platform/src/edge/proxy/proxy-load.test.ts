import { describe, expect, it } from "vitest";
import { endpoint } from "../route/route-fixtures.ts";
import { answeringDyno, ask, fakeRouter, rawClient, until, using } from "./proxy-fixtures.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NOT_FOUND = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const GET = ["GET / HTTP/1.1", "Host: app.localhost"] as const;
const IDLE = { connections: 0, inFlight: 0, waiting: 0 };

describe("what a router tells of its work", () => {
  it("counts each request for an app when it has ended, with its time", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno((head) => (head.includes("/none") ? NOT_FOUND : OK)));
      const router = await keep(fakeRouter({ timeBounds: [30] }));
      router.endpoints(dyno.port);
      for (const path of ["/", "/none", "/"])
        await ask(router.port, `GET ${path} HTTP/1.1`, "Host: app.localhost");
      await router.logged(3);
      const { figures } = router.proxy;
      expect(figures.ended()).toEqual([
        { status: "2xx", code: "", count: 2 },
        { status: "4xx", code: "", count: 1 },
      ]);
      expect(figures.times()).toMatchObject({ buckets: [3], count: 3 });
      expect(figures.times().sum).toBeGreaterThan(0);
    });
  });

  it("names the code of what failed, and times nothing that reached no dyno", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      router.endpoints();
      router.route({ maintenance: true });
      await ask(router.port, ...GET);
      router.route({ webQuantity: 0 });
      await ask(router.port, ...GET);
      await router.logged(2);
      expect(router.proxy.figures.ended()).toEqual([
        { status: "5xx", code: "H80", count: 1 },
        { status: "5xx", code: "H14", count: 1 },
      ]);
      expect(router.proxy.figures.times().count).toBe(0);
    });
  });

  it("counts no request that is no app's", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      await ask(router.port, "GET / HTTP/1.1", "Host: localhost");
      await ask(router.port, "GET / HTTP/1.1", "Host: nobody.localhost");
      expect(router.proxy.figures.ended()).toEqual([]);
    });
  });

  it("tells connections, requests that a dyno works on, and requests that wait for one", async () => {
    await using(async (keep) => {
      let answer = () => {};
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          answer = () => {
            answer = () => {};
            socket.write(OK);
          };
          return undefined;
        }),
      );
      const router = await keep(fakeRouter());
      const { load } = router.proxy;
      expect(load()).toEqual(IDLE);
      router.endpoints(endpoint("web.1"));
      const waits = ask(router.port, ...GET);
      await until(() => load().waiting === 1, "a request that waits");
      expect(load()).toEqual({ connections: 1, inFlight: 0, waiting: 1 });
      router.endpoints(dyno.port);
      await until(() => load().inFlight === 1, "a request at the dyno");
      const idle = await rawClient(router.port);
      await until(() => load().connections === 2, "a connection without a request");
      expect(load()).toEqual({ connections: 2, inFlight: 1, waiting: 0 });
      idle.socket.destroy();
      await until(() => dyno.opened() > 0, "the dyno's connection");
      await until(() => {
        answer();
        return load().inFlight === 0;
      }, "the end of the request");
      expect((await waits).status).toBe(200);
      await until(() => load().connections === 0, "the end of the connections");
      expect(load()).toEqual(IDLE);
    });
  });
});
