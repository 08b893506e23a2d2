import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FLUSH_PKT, pktLine } from "./pkt-line.ts";

const program = fileURLToPath(new URL("./proc-receive.ts", import.meta.url));
const A = "a".repeat(40);
const ZERO = "0".repeat(40);

let folder: string;
let stop: () => Promise<void> = async () => {};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-hook-"));
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

/** Stands in for the control process: `answer` gets what the hook sent. */
async function control(answer: (request: unknown, socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    socket.once("data", (line) => answer(JSON.parse(line.toString()), socket));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "git.sock"), resolve));
  stop = () => new Promise((resolve) => server.close(() => resolve()));
}

/** Runs the hook as git does, with these commands. */
async function runHook(...commands: string[]) {
  const child = spawn(process.execPath, ["--no-warnings", program], {
    env: { CONIFER_PUSH_SOCKET: join(folder, "git.sock"), CONIFER_PUSH_TOKEN: "secret" },
  });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    seen.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    seen.err += chunk;
  });
  child.stdin.write(Buffer.concat([pktLine("version=1\0push-options atomic"), Buffer.from(FLUSH_PKT)]));
  child.stdin.end(Buffer.concat([...commands.map(pktLine), Buffer.from(FLUSH_PKT)]));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { ...seen, status };
}

const answersOf = (...lines: string[]) =>
  Buffer.concat([
    pktLine("version=1\0"),
    Buffer.from(FLUSH_PKT),
    ...lines.map(pktLine),
    Buffer.from(FLUSH_PKT),
  ]).toString();

it("hands on commands and token, shows the output, and answers git in its order", async () => {
  let request: unknown;
  await control((found, socket) => {
    request = found;
    const answers = [
      { kind: "store", ref: "refs/heads/x" },
      { kind: "refused", ref: "refs/tags/t", reason: "build failed" },
      { kind: "moved", ref: "refs/heads/main" },
    ];
    socket.write(`${JSON.stringify({ kind: "output", text: "-----> Building\n" })}\n`);
    socket.end(`${JSON.stringify({ kind: "answers", answers })}\n`);
  });
  const hook = await runHook(
    `${ZERO} ${A} refs/heads/main`,
    `${A} ${ZERO} refs/heads/x`,
    `${A} ${A} refs/tags/t`,
  );
  expect(request).toEqual({
    token: "secret",
    commands: [
      { ref: "refs/heads/main", to: A },
      { ref: "refs/heads/x", from: A },
      { ref: "refs/tags/t", from: A, to: A },
    ],
  });
  expect(hook.err).toBe("-----> Building\n");
  const wanted = [
    "ok refs/heads/main",
    "ok refs/heads/x",
    "option fall-through",
    "ng refs/tags/t build failed",
  ];
  expect(hook.out).toBe(answersOf(...wanted));
  expect(hook.status).toBe(0);
});

it.each<[string, (socket: Socket) => void]>([
  [
    "dies in the middle",
    (socket) => socket.write('{"kind":"output","text":"half\\n"}\n', () => socket.destroy()),
  ],
  ["ends without answers", (socket) => socket.end()],
  ["sends nonsense", (socket) => socket.end("nonsense\n")],
])("says so and refuses when control %s", async (_what, end) => {
  await control((_request, socket) => end(socket));
  const hook = await runHook(`${ZERO} ${A} refs/heads/main`);
  expect(hook.err).toContain("Conifer stopped answering while this push was waiting.");
  expect(hook.err).toContain("If the build had started, it goes on");
  expect(hook.out).toBe(answersOf("ng refs/heads/main Conifer did not answer"));
});

it("says so and refuses when control is not there", async () => {
  const hook = await runHook(`${ZERO} ${A} refs/heads/main`);
  expect(hook.err).toContain("Conifer stopped answering");
  expect(hook.out).toBe(answersOf("ng refs/heads/main Conifer did not answer"));
});
