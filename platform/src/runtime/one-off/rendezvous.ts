import { createHmac, timingSafeEqual } from "node:crypto";
import type { Duplex } from "node:stream";
import { errorText, isId, type Logger, type LogSink } from "../../kernel/index.ts";
import type { DynoHost } from "../dyno/index.ts";

export interface RendezvousDependencies {
  readonly host: Pick<DynoHost, "attach">;
  readonly key: Buffer;
  readonly logger: Logger;
  readonly logs: LogSink;
  /** The app and name of a one-off dyno, for what its log says. */
  readonly findDyno: (dynoId: string) => Promise<{ appId: string; name: string } | undefined>;
}

const PREFIX = "rz-";
const LONGEST_LINE = 512;
const FIRST_LINE_MS = 10_000;

/** `rendezvous://localhost:6400/rz-<id>.<proof>`: whoever has the address may attach, once, while the dyno waits. */
export function makeAttachUrl(key: Buffer) {
  return (origin: string, dynoId: string): string =>
    `rendezvous://${authority(origin)}/${PREFIX}${dynoId}.${proof(dynoId, key)}`;
}

/** Clients need a port in the address, also where the origin leaves it out. */
function authority(origin: string): string {
  const url = new URL(origin);
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

function proof(dynoId: string, key: Buffer): string {
  return createHmac("sha256", key).update(`attach ${dynoId}`).digest("base64url");
}

/**
 * The server's side of rendezvous, inside TLS: the client sends its secret on a line (some send no line end), gets
 * `rendezvous` alone in the first write, and is then connected to the dyno. (facts: platform API §5, CLI client §4)
 */
export function makeRendezvous(deps: RendezvousDependencies) {
  return (socket: Duplex, first: Buffer): void => {
    socket.on("error", () => socket.destroy());
    void connect(socket, first, deps).catch((thrown) => {
      deps.logger.info("a client could not attach", { error: errorText(thrown) });
      socket.destroy();
    });
  };
}

async function connect(socket: Duplex, first: Buffer, deps: RendezvousDependencies): Promise<void> {
  const { line, rest } = await readSecret(socket, first);
  const dynoId = dynoIdOf(line, deps.key);
  if (!dynoId) throw new Error("the secret is not one of ours");
  const dyno = await deps.host.attach(dynoId).catch(async (thrown) => {
    await tell(dynoId, thrown, deps);
    throw thrown;
  });
  dyno.on("error", () => socket.destroy());
  socket.on("close", () => dyno.destroy());
  dyno.on("close", () => socket.end());
  // Alone and flushed: the client throws the whole first chunk away.
  await new Promise<void>((resolve) => socket.write("rendezvous\r\n", () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
  if (rest.length > 0) dyno.write(rest);
  socket.pipe(dyno);
  dyno.pipe(socket);
}

async function tell(dynoId: string, thrown: unknown, deps: RendezvousDependencies): Promise<void> {
  const dyno = await deps.findDyno(dynoId);
  if (!dyno) return;
  const message = `Error R13 (Attach error) -> Failed to attach to process: ${errorText(thrown)}`;
  deps.logs.write({ appId: dyno.appId, time: new Date(), source: "heroku", process: dyno.name, message });
}

/** The dyno an attach secret stands for; undefined for anything that is not exactly one we made. */
export function dynoIdOf(line: string, key: Buffer): string | undefined {
  const match = /^rz-([0-9a-f-]{36})\.([\w-]{43})(\?.*)?$/.exec(line.trim());
  const [, dynoId = "", given = ""] = match ?? [];
  if (!match || !isId(dynoId)) return undefined;
  return timingSafeEqual(Buffer.from(given), Buffer.from(proof(dynoId, key))) ? dynoId : undefined;
}

function readSecret(socket: Duplex, first: Buffer): Promise<{ line: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const timer = setTimeout(() => finish(new Error("no secret came in time")), FIRST_LINE_MS);
    const finish = (result: Error | { line: string; rest: Buffer }) => {
      clearTimeout(timer);
      socket.off("data", take).off("close", closed);
      socket.pause();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const closed = () => finish(new Error("the client went away"));
    const take = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\n");
      if (end >= 0) return finish({ line: seen.toString("utf8", 0, end), rest: seen.subarray(end + 1) });
      const whole = /^rz-[0-9a-f-]{36}\.[\w-]{43}$/.test(seen.toString("latin1"));
      if (whole) return finish({ line: seen.toString("utf8"), rest: Buffer.alloc(0) });
      if (seen.length > LONGEST_LINE) finish(new Error("what came is no secret"));
    };
    socket.on("close", closed);
    socket.on("data", take);
    take(first);
  });
}
