import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { accessTo, makeTestAuthority, status } from "./api-server-fixtures.ts";
import type { KubeAccess, KubeCredentials } from "./kube-access.ts";
import { KubeError } from "./kube-error.ts";
import { exitStatus, frame, openPodServer, type PodServer, type PodSocket } from "./pod-server-fixtures.ts";
import { openPodStream, type PodStream, type PodStreamRequest, readEnd, streamUrl } from "./pod-stream.ts";

let server: PodServer;

beforeEach(async () => {
  server = await openPodServer();
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const PLACE = { namespace: "apps", pod: "web", container: "dyno" } as const;
const ATTACH: PodStreamRequest = { ...PLACE, kind: "attach", terminal: false };
const EXEC: PodStreamRequest = { ...PLACE, kind: "exec", terminal: false, command: ["ps"] };

async function open(
  request: PodStreamRequest = ATTACH,
  given: Partial<KubeAccess> = {},
): Promise<{ readonly stream: PodStream; readonly pod: PodSocket }> {
  const opening = openPodStream(accessTo(server.url, given), request);
  const pod = (await server.next()).accept();
  return { stream: await opening, pod };
}

async function failure(opening: Promise<unknown>): Promise<Error> {
  return await opening.then(
    () => expect.fail("it was opened"),
    (thrown: Error) => thrown,
  );
}

describe("what is asked", () => {
  const rest = "container=dyno&stdin=true&stdout=true";
  test.each<[string, PodStreamRequest, string]>([
    [
      "http://kube.test",
      ATTACH,
      `ws://kube.test/api/v1/namespaces/apps/pods/web/attach?${rest}&stderr=true&tty=false`,
    ],
    [
      "https://kube.test:6443",
      { ...ATTACH, terminal: true },
      `wss://kube.test:6443/api/v1/namespaces/apps/pods/web/attach?${rest}&stderr=false&tty=true`,
    ],
    [
      "https://[fd00::1]/proxy/c-1",
      { ...EXEC, command: ["sh", "-c", "echo a&b = 'ü'"] },
      `wss://[fd00::1]/proxy/c-1/api/v1/namespaces/apps/pods/web/exec?${rest}&stderr=true&tty=false&command=sh&command=-c&command=echo%20a%26b%20%3D%20'%C3%BC'`,
    ],
  ])("of %s", (origin, request, wanted) => expect(streamUrl(origin, request)).toBe(wanted));

  test("any words of a command arrive as they are", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (command) => {
        const url = new URL(streamUrl("https://kube.test", { ...EXEC, command }));
        expect(url.searchParams.getAll("command")).toEqual(command);
      }),
    );
  });

  test("the protocol and the token", async () => {
    const opening = openPodStream(
      accessTo(server.url, { credentials: async () => ({ token: "t" }) }),
      ATTACH,
    );
    const upgrade = await server.next();
    expect(upgrade).toMatchObject({ authorization: "Bearer t", protocols: "v5.channel.k8s.io" });
    const pod = upgrade.accept();
    (await opening).close();
    await pod.closed;
  });

  test("over TLS with the access's authority", async () => {
    const authority = makeTestAuthority();
    const secure = await openPodServer(authority.issue("127.0.0.1"));
    const access = accessTo(secure.url, { ca: authority.ca });
    const opening = openPodStream(access, ATTACH);
    const pod = (await secure.next()).accept();
    const stream = await opening;
    pod.send(1, "safe");
    pod.close();
    expect(await text(stream.stdout)).toBe("safe");
    expect((await failure(openPodStream({ ...access, ca: undefined }, ATTACH))).message).toMatch(
      /^attach to web: .*certificate/,
    );
    await secure.close();
  });
});

describe("output", () => {
  test("comes on its channel; empty, unknown and text messages do no harm", async () => {
    const { stream, pod } = await open();
    pod.send(1, "");
    pod.sendEmpty();
    pod.send(1, "out ");
    pod.send(2, "err");
    pod.send(7, "nobody's");
    pod.send(255, "");
    pod.send(255, [9]);
    pod.sendText("text is ignored");
    pod.send(0, "not for us");
    pod.send(1, "more");
    pod.close();
    expect(await Promise.all([text(stream.stdout), text(stream.stderr)])).toEqual(["out more", "err"]);
    expect(await stream.ended).toEqual({});
  });

  test("that comes in one packet with the server's answer is not lost", async () => {
    const opening = openPodStream(accessTo(server.url), ATTACH);
    const upgrade = await server.next();
    upgrade.raw(upgrade.switching, frame(1, "early"), frame(2, "warned"), frame(3, "bye"), [0x88, 0]);
    upgrade.socket.end();
    const stream = await opening;
    expect(await Promise.all([text(stream.stdout), text(stream.stderr)])).toEqual(["early", "warned"]);
    expect(await stream.ended).toEqual({ message: "bye" });
  });

  test("of one channel may end before the other; what comes after its end is dropped", async () => {
    const { stream, pod } = await open();
    pod.send(1, "last words");
    pod.send(255, [1]);
    pod.send(1, "of a ghost");
    expect(await text(stream.stdout)).toBe("last words");
    pod.send(2, "still here");
    expect(String((await once(stream.stderr, "data"))[0])).toBe("still here");
    pod.close();
    await stream.ended;
    await finished(stream.stderr.resume());
  });

  test("waits for its reader, and for each of them", async () => {
    const { stream, pod } = await open();
    const block = Buffer.alloc(64 * 1024, "x");
    const blocks = 200;
    for (let i = 0; i < blocks; i++) pod.send(1 + (i % 2), block);
    pod.close();
    await once(stream.stdout, "readable");
    expect(stream.stdout.readableLength + stream.stderr.readableLength).toBeLessThan(
      (blocks / 2) * block.length,
    );
    const [out, err] = await Promise.all([buffer(stream.stdout), buffer(stream.stderr)]);
    expect(out.length + err.length).toBe(blocks * block.length);
    expect(await stream.ended).toEqual({});
  });

  test("that nobody reads any more does not hold up the rest", async () => {
    const { stream, pod } = await open(EXEC);
    const block = Buffer.alloc(64 * 1024, "x");
    for (let i = 0; i < 50; i++) pod.send(1, block);
    await once(stream.stdout, "readable");
    stream.stdout.destroy();
    for (let i = 0; i < 50; i++) pod.send(1, block);
    pod.send(2, "heard");
    pod.send(3, exitStatus(4));
    pod.close();
    expect(await text(stream.stderr)).toBe("heard");
    expect(await stream.ended).toMatchObject({ exitCode: 4 });
  });
});

describe("input", () => {
  test("goes out as it comes; its end closes only its channel", async () => {
    const { stream, pod } = await open();
    stream.stdin.write("one ");
    stream.stdin.write("");
    stream.stdin.write(Buffer.from("two"));
    expect([await pod.next(), await pod.next()]).toEqual(["0:one ", "0:two"]);
    stream.stdin.end();
    expect(await pod.next()).toBe("255:\0");
    pod.send(1, "answer");
    pod.close();
    expect(await text(stream.stdout)).toBe("answer");
  });

  test("of any size arrives whole, in messages that are not too long", async () => {
    const { stream, pod } = await open();
    const bytes = Buffer.from(Array.from({ length: 200_001 }, (_, i) => i % 251));
    const written = new Promise((resolve) => stream.stdin.write(bytes, resolve));
    expect((await pod.bytes(0, bytes.length)).equals(bytes)).toBe(true);
    expect(await written).toBeFalsy();
    stream.close();
  });

  test("resizes are told, before and after input", async () => {
    const { stream, pod } = await open({ ...ATTACH, terminal: true });
    stream.resize(80, 24);
    stream.stdin.write("x");
    stream.resize(132, 50);
    expect([await pod.next(), await pod.next(), await pod.next()]).toEqual([
      '4:{"Width":80,"Height":24}',
      "0:x",
      '4:{"Width":132,"Height":50}',
    ]);
    stream.close();
  });

  test("after the end is nobody's fault", async () => {
    const { stream, pod } = await open();
    pod.close();
    await stream.ended;
    stream.resize(1, 1);
    await new Promise((resolve) => stream.stdin.write("late", resolve));
    await new Promise((resolve) => stream.stdin.end(() => resolve(undefined)));
    stream.close();
    expect(stream.stdin.errored).toBeNull();
  });
});

describe("the end", () => {
  test.each([
    ["success", '{"metadata":{},"status":"Success"}', { exitCode: 0 }],
    [
      "an exit status",
      exitStatus(3),
      { exitCode: 3, message: "command terminated with non-zero exit code: exit status 3" },
    ],
    ["a failure", '{"status":"Failure","message":"no such container"}', { message: "no such container" }],
    ["a status without words", '{"status":"Failure"}', {}],
    [
      "a cause that is no number",
      '{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"x"}]}}',
      {},
    ],
    ["another cause", '{"status":"Failure","details":{"causes":[{"reason":"Other","message":"7"}]}}', {}],
    [
      "causes that are none",
      '{"status":"Failure","message":"m","details":{"causes":null}}',
      { message: "m" },
    ],
    ["no JSON", "cannot exec", { message: "cannot exec" }],
    ["null", "null", { message: "null" }],
    ["nothing", "", { message: "" }],
  ])("of an exec: %s", async (_name, word, wanted) => {
    expect(readEnd(word)).toEqual(wanted);
    const { stream, pod } = await open(EXEC);
    pod.send(3, word);
    pod.close();
    expect(await stream.ended).toEqual(wanted);
  });

  test("of an attach has no exit status, whatever the server says", async () => {
    const { stream, pod } = await open();
    pod.send(3, '{"status":"Success"}');
    pod.close();
    expect(await stream.ended).toEqual({});
  });

  test("by a broken connection keeps what was said before", async () => {
    const { stream, pod } = await open(EXEC);
    pod.send(1, "half");
    pod.send(3, exitStatus(9));
    await once(stream.stdout, "readable");
    pod.cut();
    expect(await stream.ended).toMatchObject({ exitCode: 9 });
    expect(await text(stream.stdout)).toBe("half");
  });

  test("by a cut ends the outputs", async () => {
    const { stream, pod } = await open();
    pod.cut();
    expect(await Promise.all([text(stream.stdout), text(stream.stderr)])).toEqual(["", ""]);
    await stream.ended;
  });

  test.each([
    ["a reserved bit", [0xf2, 1, 1]],
    ["an unknown kind of frame", [0x83, 1, 1]],
    ["a masked frame", [0x82, 0x81, 1, 2, 3, 4, 5]],
    ["a length beyond all bounds", [0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]],
  ])("by %s is an error that is told", async (_name, bytes) => {
    const opening = openPodStream(accessTo(server.url), ATTACH);
    const upgrade = await server.next();
    upgrade.raw(upgrade.switching, frame(1, "good"), bytes);
    upgrade.socket.once("data", () => upgrade.socket.end());
    const stream = await opening;
    expect(await text(stream.stdout)).toBe("good");
    expect((await stream.ended).message).toMatch(/./);
  });

  test("by our close drops the connection at once, and again does nothing", async () => {
    const { stream, pod } = await open();
    stream.close();
    stream.close();
    await pod.closed;
    await stream.ended;
  });

  test("whatever the error channel says is read without a fault", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (word) => {
        expect(typeof readEnd(word)).toBe("object");
      }),
    );
  });
});

describe("a refusal", () => {
  test.each([
    [403, status(403, "Forbidden", "not you"), { reason: "Forbidden", message: "attach to web: not you" }],
    [
      404,
      status(404, "NotFound", 'pods "web" not found'),
      { reason: "NotFound", message: 'attach to web: pods "web" not found' },
    ],
    [500, "container not found", { reason: "", message: "attach to web: answer 500: container not found" }],
    [502, "", { reason: "", message: "attach to web: answer 502: " }],
  ])("%i is told as the server tells it", async (code, body, wanted) => {
    const opening = failure(openPodStream(accessTo(server.url), ATTACH));
    const upgrade = await server.next();
    upgrade.refuse(code, typeof body === "string" ? body : JSON.stringify(body));
    const thrown = await opening;
    expect(thrown).toBeInstanceOf(KubeError);
    expect(thrown).toMatchObject({ status: code, ...wanted });
    await upgrade.closed;
  });

  test("says how long to wait", async () => {
    const opening = failure(openPodStream(accessTo(server.url), ATTACH));
    (await server.next()).refuse(429, "busy", "Retry-After: 4\r\n");
    expect(await opening).toMatchObject({ status: 429, retryAfterSeconds: 4 });
  });

  test("that breaks off, or never ends, is told as far as it came", async () => {
    for (const more of ["", "y".repeat(200_000)]) {
      const opening = failure(openPodStream(accessTo(server.url), ATTACH));
      const upgrade = await server.next();
      upgrade.raw(`HTTP/1.1 500 No\r\nContent-Length: 900000\r\n\r\nhalf a word${more}`);
      if (more === "") upgrade.socket.end();
      const thrown = await opening;
      expect(thrown).toMatchObject({ status: 500 });
      expect(thrown.message).toMatch(/^attach to web: answer 500: half a word/);
      expect(thrown.message.length).toBeLessThan(600);
    }
  });

  test("of another protocol, of no websocket, by a cut, and by nobody there", async () => {
    const answers: ((upgrade: Awaited<ReturnType<PodServer["next"]>>) => void)[] = [
      ({ raw, switching }) => raw(switching.replace("v5.channel", "v4.channel")),
      ({ raw, switching }) => raw(switching.replace(/Accept: .*/, "Accept: bm8=")),
      ({ raw }) => raw("SSH-2.0-OpenSSH\r\n"),
      ({ socket }) => void socket.destroy(),
    ];
    for (const answer of answers) {
      const opening = failure(openPodStream(accessTo(server.url), ATTACH));
      const upgrade = await server.next();
      answer(upgrade);
      expect((await opening).message).toMatch(/^attach to web: ./);
      await upgrade.closed;
    }
    await server.close();
    expect((await failure(openPodStream(accessTo(server.url), EXEC))).message).toMatch(
      /^exec to web: .*ECONNREFUSED/,
    );
    server = await openPodServer();
  });

  test("of old credentials is tried once more with newer ones", async () => {
    const given: KubeCredentials[] = [{ token: "old" }, { token: "new" }];
    const credentials = async (refused?: KubeCredentials) => (refused ? given[1] : given[0]) ?? {};
    const opening = openPodStream(accessTo(server.url, { credentials }), ATTACH);
    (await server.next()).refuse(401, "who?");
    const again = await server.next();
    expect(again.authorization).toBe("Bearer new");
    again.accept();
    (await opening).close();
    const same = failure(
      openPodStream(accessTo(server.url, { credentials: async () => ({ token: "t" }) }), ATTACH),
    );
    (await server.next()).refuse(401, "who?");
    expect(await same).toMatchObject({ status: 401 });
  });
});

describe("a quiet connection", () => {
  /** Answers of the server arrive in their own time, whatever the test's clock says. */
  const nextPong = (stream: PodStream, pod: PodSocket) => {
    pod.send(1, "tick");
    return once(stream.stdout, "data");
  };

  test("stays as long as the server answers", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { stream, pod } = await open();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(20_000);
      await pod.pinged();
      await nextPong(stream, pod);
    }
    stream.stdin.write("still here");
    expect(await pod.next()).toBe("0:still here");
    stream.close();
    await stream.ended;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that answers no ping is dropped", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { stream, pod } = await open();
    pod.fallSilent();
    vi.advanceTimersByTime(20_000);
    await pod.pinged();
    vi.advanceTimersByTime(20_000);
    await stream.ended;
    await pod.closed;
    expect(vi.getTimerCount()).toBe(0);
  });
});
