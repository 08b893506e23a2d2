import { describe, expect, it } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import { answeringDyno, fakeRouter, rawClient, using } from "./proxy-fixtures.ts";

const HOST = "Host: app.localhost";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Errors of our own: whatever goes wrong with one request, the others go on. */
describe("an error within the router", () => {
  it.each([
    ["while a request is taken in", { firstPage: () => fail() }, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["while a dyno is chosen", { random: () => fail() }, `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ])("%s ends its connection and no other", async (_name, options, text) => {
    await using(async (keep) => {
      const errors: string[] = [];
      const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
      const dyno = await keep(answeringDyno(() => OK));
      let broken = false;
      const whenBroken =
        <T>(wrapped: (() => T) | undefined, sound: T) =>
        () =>
          broken && wrapped ? wrapped() : sound;
      const router = await keep(
        fakeRouter({
          logger,
          firstPage: whenBroken("firstPage" in options ? options.firstPage : undefined, "page"),
          random: whenBroken("random" in options ? options.random : undefined, 0),
        }),
      );
      router.endpoints(dyno.port);
      const [client, other] = await Promise.all([rawClient(router.port), rawClient(router.port)]);
      broken = true;
      client.send(text);
      await client.ended();
      broken = false;
      other.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await other.receives("ok");
      expect(errors).toHaveLength(1);
      other.socket.destroy();
    });
  });

  it("while a response is passed on ends its connections and no other", async () => {
    await using(async (keep) => {
      const errors: string[] = [];
      const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
      const dyno = await keep(answeringDyno(() => OK));
      let broken = true;
      const lines: string[] = [];
      const router = await keep(
        fakeRouter({
          logger,
          log: {
            write: (line) => {
              if (broken && line.message.includes("status=200")) fail();
              lines.push(line.message);
            },
          },
        }),
      );
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.ended();
      expect(errors).toHaveLength(1);
      broken = false;
      const other = await rawClient(router.port);
      other.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await other.receives("ok");
      expect(lines).toHaveLength(1);
      other.socket.destroy();
    });
  });
});

function fail(): never {
  throw new Error("a bug");
}
