import type { Duplex } from "node:stream";
import { type Clock, errorText, type Logger, type LogSink } from "../../kernel/index.ts";
import { dynoIdOf, type FirstLine, readFirstLine } from "./attach-secret.ts";

/** What waits for clients, by the id in their secret. */
export interface RendezvousTargets {
  /** Connects the one client that it waits for. Throws not_found when nothing waits under that id. */
  readonly attach: (id: string) => Promise<Duplex>;
  /** The app and name of the dyno, for what its log says. */
  readonly findDyno: (id: string) => Promise<{ readonly appId: string; readonly name: string } | undefined>;
}

export interface RendezvousDependencies extends RendezvousTargets {
  readonly key: Buffer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: LogSink;
  /** How long a client may take for its first line, and how long its line end may lag behind. */
  readonly firstLineMs?: number;
  readonly lineEndMs?: number;
}

const FIRST_LINE_MS = 10_000;
const LINE_END_MS = 100;

/**
 * The server's side of rendezvous, inside TLS: the client sends its secret on a line (some send no line end), gets
 * `rendezvous` alone in the first write, and is then connected to the dyno until one of them goes. A session that cannot
 * begin or breaks off says why in the app's log. (facts: platform API §5, CLI client §4)
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
  const { secret, rest } = await readSecret(socket, first, deps);
  const dynoId = dynoIdOf(secret, deps.key);
  if (!dynoId) throw new Error("the secret is not one of ours");
  const dyno = await deps.attach(dynoId).catch(async (thrown) => {
    await tell(dynoId, `Failed to attach to process: ${errorText(thrown)}`, deps);
    throw thrown;
  });
  // Gone while the dyno was looked for: the close has been and will not come again.
  if (socket.destroyed) return void dyno.destroy();
  dyno.on("error", (thrown) => {
    socket.destroy();
    void tell(dynoId, `The session broke off: ${errorText(thrown)}`, deps);
  });
  socket.on("close", () => dyno.destroy());
  dyno.on("close", () => socket.end());
  // Alone and flushed: the client throws the whole first chunk away.
  await new Promise<void>((resolve) => socket.write("rendezvous\r\n", () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
  if (rest.length > 0) dyno.write(rest);
  socket.pipe(dyno);
  dyno.pipe(socket);
}

/** Never rejects: the log is told, or else Conifer's own. */
async function tell(dynoId: string, what: string, deps: RendezvousDependencies): Promise<void> {
  try {
    const dyno = await deps.findDyno(dynoId);
    if (!dyno) return;
    const line = { appId: dyno.appId, time: deps.clock(), source: "heroku", process: dyno.name } as const;
    deps.logs.write({ ...line, message: `Error R13 (Attach error) -> ${what}` });
  } catch (thrown) {
    deps.logger.warn("an attach error could not be told", { dyno_id: dynoId, error: errorText(thrown) });
  }
}

type Secret = Pick<FirstLine & { kind: "secret" }, "secret" | "rest">;

function readSecret(
  socket: Duplex,
  first: Buffer,
  { firstLineMs = FIRST_LINE_MS, lineEndMs = LINE_END_MS }: RendezvousDependencies,
): Promise<Secret> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    let lineEnd: NodeJS.Timeout | undefined;
    const late = setTimeout(() => finish(new Error("no secret came in time")), firstLineMs);
    const finish = (result: Error | Secret) => {
      clearTimeout(late);
      clearTimeout(lineEnd);
      socket.off("data", take).off("close", closed);
      socket.pause();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const closed = () => finish(new Error("the client went away"));
    const take = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      clearTimeout(lineEnd);
      const found = readFirstLine(seen);
      if (found.kind === "refused") finish(new Error("what came is no secret"));
      if (found.kind === "secret") finish(found);
      if (found.kind === "maybe") {
        const { secret } = found;
        lineEnd = setTimeout(() => finish({ secret, rest: Buffer.alloc(0) }), lineEndMs);
      }
    };
    socket.on("close", closed);
    socket.on("data", take);
    take(first);
  });
}
