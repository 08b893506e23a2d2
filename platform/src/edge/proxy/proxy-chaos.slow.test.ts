import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import {
  type FakeDyno,
  type FakeRouter,
  fakeRouter,
  logFields,
  rawClient,
  rawDyno,
  until,
} from "./proxy-fixtures.ts";

/** Repeatable chance: mulberry32, by its author given to everybody. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = <T>(chance: () => number, from: readonly T[]): T =>
  from[Math.floor(chance() * from.length)] as T;

/**
 * A dyno that answers each request with the request's own path, in every form there is, and now and then misbehaves:
 * falls silent, closes, resets, or says more than it was asked for.
 */
function moodyDyno(chance: () => number): Promise<FakeDyno> {
  return rawDyno((socket) => {
    let held = "";
    socket.on("end", () => socket.end());
    socket.on("data", (piece) => {
      held += piece.toString("latin1");
      const head = /^[A-Z]+ (\S+) HTTP\/1\.1\r\n(?:.*\r\n)*?\r\n/.exec(held);
      if (!head) return;
      const length = Number(/content-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
      if (held.length < head[0].length + length) return;
      held = held.slice(head[0].length + length);
      respond(socket, head[1] ?? "", head[0].startsWith("HEAD"), chance);
    });
  });
}

function respond(socket: Socket, path: string, bare: boolean, chance: () => number): void {
  const body = `[${path}${"=".repeat(Math.floor(chance() * chance() * 20_000))}]`;
  const chunked = body.match(/.{1,700}/g)?.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`) ?? [];
  const whole = {
    length: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${bare ? "" : body}`,
    chunks: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bare ? "" : `${chunked.join("")}0\r\n\r\n`}`,
  };
  const text = pick(chance, [whole.length, whole.chunks]);
  const half = text.slice(0, Math.floor(text.length * chance()));
  const mood = chance();
  if (mood < 0.8) socket.write(text, "latin1");
  else if (mood < 0.85)
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${bare ? "" : body}`, "latin1");
  else if (mood < 0.88) socket.end(half, "latin1");
  else if (mood < 0.91) socket.write(half, "latin1", () => socket.resetAndDestroy());
  else if (mood < 0.94) socket.write(`${text}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra`, "latin1");
  else if (mood < 0.97) socket.end(text, "latin1");
  else if (mood < 0.99)
    socket.write(text, "latin1", () => setTimeout(() => socket.resetAndDestroy(), chance() * 5));
  else socket.write("utter nonsense\r\n\r\n");
}

interface Tally {
  asked: number;
  whole: number;
  /** A whole response that was not the answer to its request: must never be. */
  readonly wrong: string[];
}

/** Asks on one connection, sometimes several at a time, until the router ends it; then on another. */
async function visitor(
  router: FakeRouter,
  name: string,
  chance: () => number,
  tally: Tally,
  requests: number,
) {
  for (let sent = 0; sent < requests; ) {
    const client = await rawClient(router.port);
    const closed = once(client.socket, "close");
    let gone = false;
    void closed.then(() => (gone = true));
    for (let checked = 0; sent < requests && !gone; ) {
      const paths = Array.from({ length: 1 + Math.floor(chance() * 3) }, () => `/${name}/${sent++}`);
      tally.asked += paths.length;
      client.send(paths.map((path) => requestText(path, chance)).join(""));
      if (chance() < 0.02) client.socket.resetAndDestroy();
      const answers = () => wholeAnswers(client.text());
      await until(() => gone || answers().length >= checked + paths.length, `answers to ${paths}`);
      for (const [i, body] of answers().slice(checked).entries()) {
        tally.whole += 1;
        if (
          !body.startsWith(`[${paths[i]}=`) &&
          !body.startsWith(`[${paths[i]}]`) &&
          !body.startsWith("<!doctype")
        ) {
          tally.wrong.push(`${paths[i]} got ${body.slice(0, 60)}`);
        }
      }
      checked += paths.length;
    }
    client.socket.destroy();
    await closed;
  }
}

function requestText(path: string, chance: () => number): string {
  const head = `HTTP/1.1\r\nHost: app.localhost\r\n`;
  if (chance() < 0.7) return `GET ${path} ${head}\r\n`;
  const body = "b".repeat(Math.floor(chance() * 3000));
  return `POST ${path} ${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The bodies of all complete responses at the start of what a client received. */
function wholeAnswers(text: string): string[] {
  const bodies: string[] = [];
  for (let at = 0; ; ) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) return bodies;
    const head = text.slice(at, end);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    let body = "";
    at = end + 4;
    if (length !== undefined) {
      body = text.slice(at, at + Number(length));
      if (body.length < Number(length)) return bodies;
      at += Number(length);
    } else {
      for (;;) {
        const line = text.indexOf("\r\n", at);
        if (line < 0) return bodies;
        const size = Number.parseInt(text.slice(at, line), 16);
        if (text.length < line + 2 + size + 2) return bodies;
        body += text.slice(line + 2, line + 2 + size);
        at = line + 2 + size + 2;
        if (size === 0) break;
      }
    }
    bodies.push(body);
  }
}

describe("a router among dynos that misbehave", () => {
  it.each([1, 2, 3, 4, 5])(
    "gives nobody another's answer, and accounts for every request (seed %i)",
    async (seed) => {
      const chance = chances(seed);
      const dynos = await Promise.all([1, 2, 3].map(() => moodyDyno(chance)));
      const router = await fakeRouter({ random: chance, limits: { firstByteMs: 300, silenceMs: 300 } });
      router.route({ webQuantity: 3 });
      router.endpoints(...dynos.map(({ port }) => port));
      const tally: Tally = { asked: 0, whole: 0, wrong: [] };
      // Dynos come and go all the while.
      const churn = setInterval(() => {
        const some = dynos.filter(() => chance() < 0.7);
        router.endpoints(...(some.length > 0 ? some : dynos).map(({ port }) => port));
      }, 7);
      await Promise.all(Array.from({ length: 12 }, (_, i) => visitor(router, `v${i}`, chance, tally, 150)));
      clearInterval(churn);
      router.endpoints(...dynos.map(({ port }) => port));
      await router.stop();
      for (const dyno of dynos) await dyno.stop();
      expect(tally.wrong).toEqual([]);
      expect(tally.whole).toBeGreaterThan(tally.asked * 0.5);
      const records = router.lines.map(({ message }) => logFields(message));
      const codes = new Set(records.map(({ code }) => code ?? "none"));
      expect(
        [...codes].filter(
          (code) => !["none", "H13", "H15", "H17", "H18", "H27", "H28", "H12"].includes(code),
        ),
      ).toEqual([]);
      const ids = records.map(({ request_id: id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      // Requests behind one whose connection was cut were never begun; all others have their line.
      expect(records.length).toBeLessThanOrEqual(tally.asked);
      expect(records.length).toBeGreaterThanOrEqual(tally.whole);
    },
  );
});
