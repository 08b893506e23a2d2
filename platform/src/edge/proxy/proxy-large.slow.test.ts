import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeDyno, httpDyno } from "./proxy-fixtures.ts";

const GIGABYTE = 1024 * 1024 * 1024;
const PIECE = Buffer.alloc(256 * 1024, "x");

/** The router in a process of its own, so that its memory is its own. It prints its port, then its peak memory when asked. */
const ROUTER = `
import { fakeRouter } from ${JSON.stringify(new URL("./proxy-fixtures.ts", import.meta.url).href)};
const router = await fakeRouter({ log: { write: () => {} } });
router.endpoints(Number(process.argv[2]));
process.send({ port: router.port });
process.on("message", (message) => {
  if (message === "memory") process.send({ memory: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 });
  else void router.stop().then(() => process.exit(0));
});
`;

let folder: string;
let dyno: FakeDyno;
let router: ReturnType<typeof spawn>;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-large-"));
  dyno = await httpDyno((incoming, response) => {
    if (incoming.method === "POST") {
      let size = 0;
      incoming
        .on("data", (piece: Buffer) => (size += piece.length))
        .on("end", () => response.end(String(size)));
      return;
    }
    let left = GIGABYTE;
    const more = () => {
      while (left > 0) {
        left -= PIECE.length;
        if (!response.write(PIECE)) return;
      }
      response.end();
    };
    response.on("drain", more);
    more();
  });
  const script = join(folder, "router.ts");
  writeFileSync(script, ROUTER);
  router = spawn(process.execPath, [script, String(dyno.port)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  port = (await told<{ port: number }>()).port;
});

afterAll(async () => {
  router.send("stop");
  await once(router, "exit");
  await dyno.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function told<T>(): Promise<T> {
  const [message] = await once(router, "message");
  return message as T;
}

async function memory(): Promise<{ memory: number; peak: number }> {
  const answer = told<{ memory: number; peak: number }>();
  router.send("memory");
  return await answer;
}

function ask(
  method: string,
  size: number,
  read: (piece: Buffer) => Promise<void> | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: "app.localhost", "content-length": String(size) };
    const outgoing = request({ host: "127.0.0.1", port, method, headers }, async (response) => {
      let received = 0;
      let text = "";
      for await (const piece of response as AsyncIterable<Buffer>) {
        received += piece.length;
        if (method === "POST") text += piece.toString();
        await read(piece);
      }
      resolve(method === "POST" ? Number(text) : received);
    });
    outgoing.on("error", reject);
    let left = size;
    const more = () => {
      while (left > 0) {
        left -= PIECE.length;
        if (!outgoing.write(PIECE)) return;
      }
      outgoing.end();
    };
    outgoing.on("drain", more);
    more();
  });
}

describe("a gigabyte through the router", () => {
  const most = 220 * 1024 * 1024;

  it("goes to the dyno in bounded memory", async () => {
    expect(await ask("POST", GIGABYTE, () => undefined)).toBe(GIGABYTE);
    expect((await memory()).peak).toBeLessThan(most);
  }, 120_000);

  it("comes from the dyno in bounded memory", async () => {
    expect(await ask("GET", 0, () => undefined)).toBe(GIGABYTE);
    expect((await memory()).peak).toBeLessThan(most);
  }, 120_000);

  it("waits in no memory of the router when the client is slow", async () => {
    let read = 0;
    const received = await ask("GET", 0, async (piece) => {
      read += piece.length;
      // A pause now and then, long enough for the dyno to fill whatever would let itself be filled.
      if (read < 40_000_000) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    expect(received).toBe(GIGABYTE);
    expect((await memory()).peak).toBeLessThan(most);
  }, 120_000);
});
