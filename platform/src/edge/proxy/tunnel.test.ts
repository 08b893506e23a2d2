import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Deadlines } from "./deadlines.ts";
import { until } from "./proxy-fixtures.ts";
import { Tunnel, type TunnelEnd } from "./tunnel.ts";

interface Pair {
  /** What the tunnel holds, and what is at the other end of it. */
  readonly near: Socket;
  readonly far: Socket;
}

const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

async function pair(): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [near] = (await once(server, "connection")) as [Socket];
  server.close();
  opened.push(near, far);
  for (const socket of [near, far]) socket.on("error", () => {});
  return { near, far };
}

async function joined(silenceMs = 60_000) {
  const [client, dyno] = await Promise.all([pair(), pair()]);
  const ends: [TunnelEnd, number][] = [];
  const deadlines = new Deadlines();
  const tunnel = new Tunnel({
    client: client.near,
    dyno: dyno.near,
    silenceMs,
    deadlines,
    onEnd: (end, bytes) => ends.push([end, bytes]),
  });
  return { client, dyno, tunnel, ends, deadlines };
}

function collect(socket: Socket): () => string {
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString();
  });
  return () => text;
}

describe("a tunnel", () => {
  it("carries both directions and counts what goes to the client", async () => {
    const { client, dyno, ends } = await joined();
    const [atClient, atDyno] = [collect(client.far), collect(dyno.far)];
    client.far.write("question");
    dyno.far.write("an answer");
    await until(() => atClient() === "an answer" && atDyno() === "question");
    client.far.end();
    dyno.far.end();
    await until(() => ends.length === 1);
    expect(ends).toEqual([["closed", 9]]);
  });

  it("lets one side end and still hear the other", async () => {
    const { client, dyno, ends } = await joined();
    const atClient = collect(client.far);
    client.far.end("last words");
    dyno.far.resume();
    await once(dyno.far, "end");
    expect(ends).toEqual([]);
    dyno.far.write("an answer all the same");
    await until(() => atClient() === "an answer all the same");
    dyno.far.end();
    await until(() => ends.length === 1);
  });

  it.each(["client", "dyno"] as const)("closes the other side when the %s is reset", async (side) => {
    const { client, dyno, ends } = await joined();
    const [lost, other] = side === "client" ? [client, dyno] : [dyno, client];
    other.far.resume();
    lost.far.resetAndDestroy();
    await once(other.far, "end");
    await until(() => ends.length === 1);
    expect(ends[0]?.[0]).toBe("closed");
    expect([client.near.destroyed, dyno.near.destroyed]).toEqual([true, true]);
  });

  it("brings what was sent before an end, however slowly it is read", async () => {
    const { client, dyno, ends } = await joined();
    const size = 8_000_000;
    let received = 0;
    client.far.on("data", (piece: Buffer) => {
      received += piece.length;
      client.far.pause();
      setImmediate(() => client.far.resume());
    });
    dyno.far.end(Buffer.alloc(size));
    await once(client.far, "end");
    expect(received).toBe(size);
    client.far.end();
    await until(() => ends.length === 1);
    expect(ends).toEqual([["closed", size]]);
  });

  it("reads no faster than the other side takes", async () => {
    const { client, dyno } = await joined();
    client.far.pause();
    let written = 0;
    const piece = Buffer.alloc(1 << 20);
    for (let still = 0; still < 20; ) {
      const before = written;
      if (dyno.far.writableLength < piece.length) dyno.far.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 2));
      written = dyno.far.bytesWritten - dyno.far.writableLength;
      still = written === before ? still + 1 : 0;
    }
    expect(written).toBeLessThan(40_000_000);
    expect(client.near.writableLength).toBeLessThan(2_000_000);
  });

  it("ends when neither side has said anything for too long", async () => {
    const { client, dyno, ends, deadlines } = await joined(100_000);
    const atDyno = collect(dyno.far);
    deadlines.round(performance.now() + 90_000);
    expect(ends).toEqual([]);
    client.far.write("still here");
    await until(() => atDyno() === "still here");
    deadlines.round(performance.now() + 99_000);
    expect(ends).toEqual([]);
    deadlines.round(performance.now() + 110_000);
    expect(ends).toEqual([["silent", 0]]);
    deadlines.round(performance.now() + 500_000);
    expect(ends).toHaveLength(1);
  });

  it("can be closed, and tells of it once", async () => {
    const { client, dyno, tunnel, ends } = await joined();
    tunnel.close();
    tunnel.close();
    await Promise.all([client.far, dyno.far].map((far) => once(far.resume(), "end")));
    expect(ends).toEqual([["forced", 0]]);
  });
});
