import { once } from "node:events";
import type { Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accessTo, status } from "./api-server-fixtures.ts";
import { KubeError } from "./kube-error.ts";
import { forwardUrl, openPodForward, type PodPort } from "./pod-forward.ts";
import { frame, openPodServer, type PodServer, type PodSocket } from "./pod-server-fixtures.ts";

let server: PodServer;

beforeEach(async () => {
  server = await openPodServer();
});
afterEach(() => server.close());

const TO: PodPort = { namespace: "conifer-system", pod: "api-1", port: 6400 };
/** 6400, little end first: what comes first on each channel. */
const PREFACE = [0x00, 0x19];

async function open(): Promise<{ readonly stream: Duplex; readonly pod: PodSocket }> {
  const opening = openPodForward(accessTo(server.url), TO);
  const pod = (await server.next()).accept();
  pod.send(0, PREFACE);
  pod.send(1, PREFACE);
  return { stream: await opening, pod };
}

test.each([
  ["http://kube.test", "ws://kube.test"],
  ["https://kube.test:6443/proxy", "wss://kube.test:6443/proxy"],
])("what is asked of %s", async (origin, wanted) => {
  const path = "/api/v1/namespaces/conifer-system/pods/api-1/portforward?ports=6400";
  expect(forwardUrl(origin, TO)).toBe(`${wanted}${path}`);
});

test("by which protocol, and as whom", async () => {
  const access = accessTo(server.url, { credentials: async () => ({ token: "hush" }) });
  const opening = openPodForward(access, TO);
  const upgrade = await server.next();
  expect(upgrade).toMatchObject({ protocols: "v4.channel.k8s.io", authorization: "Bearer hush" });
  upgrade.accept();
  (await opening).destroy();
});

describe("a connection", () => {
  test("takes bytes both ways, and the port's number is none of them", async () => {
    const { stream, pod } = await open();
    stream.write("GET / HTTP/1.1\r\n\r\n");
    expect(await pod.next()).toBe("0:GET / HTTP/1.1\r\n\r\n");
    pod.send(0, "HTTP/1.1 200 OK\r\n\r\n");
    expect(String((await once(stream, "data"))[0])).toBe("HTTP/1.1 200 OK\r\n\r\n");
    stream.destroy();
    await pod.closed;
  });

  test("takes a preface that comes in pieces, or with the first bytes", async () => {
    const opening = openPodForward(accessTo(server.url), TO);
    const pod = (await server.next()).accept();
    pod.send(0, PREFACE.slice(0, 1));
    pod.send(1, PREFACE);
    pod.send(0, [...PREFACE.slice(1), ...Buffer.from("early")]);
    const stream = await opening;
    pod.close();
    expect(await text(stream)).toBe("early");
  });

  test("takes what comes in one packet with the answer", async () => {
    const opening = openPodForward(accessTo(server.url), TO);
    const upgrade = await server.next();
    upgrade.raw(upgrade.switching, frame(0, "\x00\x19"), frame(0, "at once"), [0x88, 0x00]);
    expect(await text(await opening)).toBe("at once");
  });

  test("cuts what is large into parts, and loses nothing of it", async () => {
    const { stream, pod } = await open();
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251));
    stream.write(large);
    expect((await pod.bytes(0, large.length)).equals(large)).toBe(true);
    for (let at = 0; at < large.length; at += 50_000) pod.send(0, large.subarray(at, at + 50_000));
    pod.close();
    expect((await buffer(stream)).equals(large)).toBe(true);
  });

  test("waits for a slow reader", async () => {
    const { stream, pod } = await open();
    const part = Buffer.alloc(64 * 1024, "x");
    for (let i = 0; i < 50; i += 1) pod.send(0, part);
    await once(stream, "readable");
    expect(stream.readableLength).toBeLessThan(1024 * 1024);
    pod.close();
    expect((await buffer(stream)).length).toBe(50 * part.length);
  });

  test("ends with the pod's end", async () => {
    const { stream, pod } = await open();
    pod.send(0, "bye");
    pod.close();
    expect(await text(stream)).toBe("bye");
  });

  test("goes on after our end, since there is no half of one", async () => {
    const { stream, pod } = await open();
    stream.end("question");
    expect(await pod.next()).toBe("0:question");
    pod.send(0, "answer");
    pod.close();
    expect(await text(stream)).toBe("answer");
  });

  test("drops what is written after the pod's end", async () => {
    const { stream, pod } = await open();
    pod.close();
    await text(stream);
    await new Promise<void>((resolve) => stream.write("late", () => resolve()));
  });

  test("fails with the server's word where nobody listens", async () => {
    const { stream, pod } = await open();
    pod.send(1, "dial tcp4 127.0.0.1:6400: connect: connection refused");
    pod.close();
    await expect(text(stream)).rejects.toThrow(
      "connection to port 6400 of api-1: dial tcp4 127.0.0.1:6400: connect: connection refused",
    );
  });

  test("ignores channels that it has not", async () => {
    const { stream, pod } = await open();
    pod.send(7, "what");
    pod.sendEmpty();
    pod.send(0, "fine");
    pod.close();
    expect(await text(stream)).toBe("fine");
  });
});

describe("what is refused", () => {
  test("is told with the server's reason", async () => {
    const opening = openPodForward(accessTo(server.url), TO).catch((thrown: unknown) => thrown);
    (await server.next()).refuse(403, JSON.stringify(status(403, "Forbidden", "no portforward for you")));
    const thrown = await opening;
    expect(thrown).toBeInstanceOf(KubeError);
    expect((thrown as KubeError).message).toBe("connection to port 6400 of api-1: no portforward for you");
  });

  test("for old credentials is tried again with newer ones", async () => {
    const tokens = ["old", "new"];
    const access = accessTo(server.url, {
      credentials: async (refused) => ({ token: tokens[refused ? 1 : 0] ?? "" }),
    });
    const opening = openPodForward(access, TO);
    (await server.next()).refuse(401, "{}");
    const second = await server.next();
    expect(second.authorization).toBe("Bearer new");
    second.accept();
    (await opening).destroy();
  });
});
