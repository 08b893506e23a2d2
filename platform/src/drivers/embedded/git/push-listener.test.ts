import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PushReceiver } from "../../../delivery/source/index.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { type PushListener, startPushListener } from "./push-listener.ts";

let folder: string;
let listener: PushListener;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-push-"));
  listener = await startPushListener({ socketPath: join(folder, "git.sock"), logger: silentLogger });
});
afterEach(async () => {
  await listener.stop();
  await rm(folder, { recursive: true });
});

/** Sends one line and returns all lines of the answer. */
function ask(line: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(listener.socketPath, () => socket.write(line));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.once("error", reject);
    socket.once("end", () =>
      resolve(
        text
          .split("\n")
          .filter(Boolean)
          .map((found) => JSON.parse(found)),
      ),
    );
  });
}

const echo: PushReceiver = async function* (commands) {
  yield { kind: "output", text: "hello\n" };
  yield { kind: "answers", answers: commands.map(({ ref }) => ({ kind: "moved", ref })) };
};
const request = (token: string) => `${JSON.stringify({ token, commands: [{ ref: "refs/heads/main" }] })}\n`;

it("passes the news of a push on to the hook that has its token", async () => {
  const { token } = listener.open(echo);
  expect(await ask(request(token))).toEqual([
    { kind: "output", text: "hello\n" },
    { kind: "answers", answers: [{ kind: "moved", ref: "refs/heads/main" }] },
  ]);
});

it("takes a token once, and not after its push", async () => {
  const first = listener.open(echo);
  await ask(request(first.token));
  expect(await ask(request(first.token))).toEqual([]);
  const second = listener.open(echo);
  second.close();
  expect(await ask(request(second.token))).toEqual([]);
  expect(await ask(request("guess"))).toEqual([]);
  expect(await ask("no json\n")).toEqual([]);
});

it("receives a push in the surroundings of its request, whatever hook calls when", async () => {
  const around = new AsyncLocalStorage<string>();
  const tell: PushReceiver = async function* () {
    yield { kind: "output", text: `first ${around.getStore()}` };
    await Promise.resolve();
    yield { kind: "output", text: `then ${around.getStore()}` };
  };
  const tickets = ["one", "two"].map((name) => around.run(name, () => listener.open(tell)));
  const told = await Promise.all(tickets.map(({ token }) => around.run("hook", () => ask(request(token)))));
  const output = (text: string) => ({ kind: "output", text });
  expect(told).toEqual([
    [output("first one"), output("then one")],
    [output("first two"), output("then two")],
  ]);
});

it("is open to this user only", async () => {
  expect((await stat(listener.socketPath)).mode & 0o777).toBe(0o600);
});

it("tells the receiver when the hook is gone", async () => {
  const gone = Promise.withResolvers<void>();
  const { token } = listener.open(async function* (_commands, signal) {
    yield { kind: "output", text: "one\n" };
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    gone.resolve();
  });
  const socket = connect(listener.socketPath, () => socket.write(request(token)));
  socket.once("data", () => socket.destroy());
  await gone.promise;
});

it("lets receivers say why when it stops", async () => {
  const { token } = listener.open(async function* (_commands, signal) {
    yield { kind: "output", text: "waiting\n" };
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield { kind: "answers", answers: [{ kind: "refused", ref: "refs/heads/main", reason: "stopping" }] };
  });
  const started = Promise.withResolvers<void>();
  let text = "";
  const socket = connect(listener.socketPath, () => socket.write(request(token)));
  socket.on("data", (chunk) => {
    text += chunk;
    started.resolve();
  });
  const ended = new Promise((resolve) => socket.once("end", resolve));
  await started.promise;
  await listener.stop();
  await ended;
  expect(text).toContain('"reason":"stopping"');
});
