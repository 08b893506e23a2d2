import { connect, type Socket } from "node:net";
import {
  BodyReader,
  type Field,
  HeadBuffer,
  parseResponseHead,
  RESPONSE_LIMITS,
  type RejectedHead,
  type ResponseHead,
} from "../http1/index.ts";
import { type Expiring, NEVER } from "./deadlines.ts";
import type { SocketContext } from "./proxy-context.ts";
import type { ProxyLimits } from "./proxy-limits.ts";
import { SocketWriter } from "./socket-writer.ts";

/**
 * Who gets what a dyno answers. `unreachable`, `responseEnd`, `switched`, `rejected`,
 * `broke` and `fault` are the last word: the
 * listener then rests the connection, takes it over or destroys it. It may destroy it at any time, and hears no more.
 */
export interface ResponseListener {
  connected(): void;
  unreachable(why: "refused" | "timeout"): void;
  /** A 1xx response other than 101; the real one is still to come. */
  informational(head: ResponseHead): void;
  responseHead(head: ResponseHead): void;
  responseData(bytes: Buffer): void;
  /** `reusable`: the connection can carry another request. */
  responseEnd(trailers: readonly Field[], reusable: boolean): void;
  /** The dyno took up an upgrade; `first` is what it said already in the new protocol. */
  switched(head: ResponseHead, first: Buffer | undefined): void;
  /** No head that could be passed on. */
  rejected(why: RejectedHead): void;
  /** The connection ended or broke before the response did. `silent`: not one byte of a response had come. */
  broke(silent: boolean): void;
  /** The router itself failed over what the dyno said. */
  fault(error: unknown): void;
  /** All that one read brought has been told. */
  flush(): void;
  /** The dyno takes more of the request. */
  requestWritable(): void;
}

export interface DynoConnectionOptions extends SocketContext {
  readonly host: string;
  readonly port: number;
  /** Called when the connection goes away while it rests. */
  readonly onRestEnd: (connection: DynoConnection) => void;
}

type Phase = "connecting" | "ready" | "resting" | "head" | "body" | "closed";

const NO_FIELDS: readonly Field[] = [];

/**
 * One connection to a dyno, for one request at a time. It reads responses and finds their ends; what they mean, and
 * where the next request goes, is not its business.
 *
 *     connecting ─▶ ready ─begin▶ head ─▶ body ─▶ ready ─rest▶ resting ─begin▶ head …
 *          └────────────┴───────────┴───────┴────────┴────────────┴──▶ closed
 */
export class DynoConnection implements Expiring {
  readonly socket: Socket;
  readonly writer: SocketWriter;
  deadline: number;
  /** When it last came to rest. */
  restedAt = 0;
  /** It has served a request before: the app may close it at any time without fault. */
  used = false;
  readonly #options: DynoConnectionOptions;
  readonly #head = new HeadBuffer(RESPONSE_LIMITS.headBytes, { skipsEmptyLines: false });
  #phase: Phase = "connecting";
  #listener: ResponseListener | undefined;
  #method = "";
  #silent = true;
  #keepAlive = true;
  #restMs: number;
  #body: BodyReader | undefined;
  #trailers = NO_FIELDS;

  readonly #onConnect = () => {
    this.#phase = "ready";
    this.deadline = NEVER;
    this.#listener?.connected();
  };
  readonly #onData = (piece: Buffer) => {
    const listener = this.#listener;
    try {
      this.#read(piece);
    } catch (thrown) {
      this.destroy();
      listener?.fault(thrown);
    }
  };
  readonly #onDrain = () => this.#listener?.requestWritable();
  readonly #onEnd = () => this.#ended(true);
  readonly #onClose = () => this.#ended(false);

  constructor(options: DynoConnectionOptions, listener: ResponseListener) {
    this.#options = options;
    this.#listener = listener;
    this.#restMs = options.limits.dynoIdleMs;
    this.deadline = performance.now() + options.limits.connectMs;
    options.deadlines.add(this);
    const { host, port } = options;
    this.socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.writer = new SocketWriter(this.socket, options.outbox);
    this.socket
      .on("connect", this.#onConnect)
      .on("data", this.#onData)
      .on("drain", this.#onDrain)
      .on("end", this.#onEnd)
      .on("close", this.#onClose)
      // What went wrong is followed by `close`.
      .on("error", () => {});
  }

  /** Sends a request's head; what the dyno answers goes to the listener. */
  begin(listener: ResponseListener, method: string, head: string): void {
    this.#listener = listener;
    this.#method = method;
    this.#silent = true;
    this.#phase = "head";
    this.deadline = NEVER;
    this.writer.text(head);
  }

  /** Waits for the next request, as long as the app said it would, and never longer than the limit. */
  rest(): void {
    this.#listener = undefined;
    this.#phase = "resting";
    this.used = true;
    this.restedAt = performance.now();
    this.deadline = this.restedAt + this.#restMs;
    if (this.socket.isPaused()) this.socket.resume();
  }

  destroy(): void {
    if (this.#phase === "resting") this.#options.onRestEnd(this);
    this.#leave();
    this.socket.destroy();
  }

  /** Gives the socket away: nothing of this connection touches it any more. */
  handOver(): Socket {
    this.#leave();
    return this.socket
      .off("connect", this.#onConnect)
      .off("data", this.#onData)
      .off("drain", this.#onDrain)
      .off("end", this.#onEnd)
      .off("close", this.#onClose);
  }

  expire(): void {
    const listener = this.#listener;
    this.destroy();
    listener?.unreachable("timeout");
  }

  bodyData(bytes: Buffer): void {
    this.#listener?.responseData(bytes);
  }

  bodyEnd(trailers: readonly Field[]): void {
    this.#trailers = trailers;
  }

  #read(piece: Buffer): void {
    const listener = this.#listener;
    this.#silent = false;
    let rest: Buffer | undefined = piece;
    while (rest && this.#phase === "head") rest = this.#readHead(rest);
    if (rest && this.#phase === "body") this.#readBody(rest);
    else if (rest && (this.#phase === "resting" || this.#phase === "ready")) this.destroy();
    if (this.#listener === listener) listener?.flush();
  }

  /** Returns what came after the head. */
  #readHead(piece: Buffer): Buffer | undefined {
    const outcome = this.#head.push(piece);
    if (outcome.kind === "partial") return undefined;
    const head =
      outcome.kind === "complete" ? parseResponseHead(outcome.text, this.#method) : unreadable(outcome.kind);
    const rest = outcome.kind === "complete" ? outcome.rest : undefined;
    if (head.kind !== "response") this.#last((listener) => listener.rejected(head));
    else if (head.status === 101) this.#last((listener) => listener.switched(head, rest));
    else if (head.status < 200) {
      this.#listener?.informational(head);
      return rest;
    } else {
      this.#keepAlive = head.keepAlive;
      this.#restMs = restTime(head, this.#options.limits);
      this.#listener?.responseHead(head);
      if (this.#phase === "closed") return undefined;
      if (head.body.kind === "none") this.#responseEnded(rest);
      else {
        this.#phase = "body";
        this.#body = new BodyReader(head.body, this);
        return rest;
      }
    }
    return undefined;
  }

  #readBody(piece: Buffer): void {
    const body = this.#body as BodyReader;
    const rest = body.push(piece);
    if (rest === "broken") this.#last((listener) => listener.broke(false));
    else if (body.ended) this.#responseEnded(rest);
  }

  /** What follows a whole response was not asked for; nobody could tell which request it answers. */
  #responseEnded(rest: Buffer | undefined): void {
    if (this.#phase === "closed") return;
    const trailers = this.#trailers;
    this.#body = undefined;
    this.#trailers = NO_FIELDS;
    this.#phase = "ready";
    this.#listener?.responseEnd(trailers, this.#keepAlive && rest === undefined);
  }

  /** The dyno ended its side, or the connection is gone. */
  #ended(orderly: boolean): void {
    const phase = this.#phase;
    if (phase === "connecting") this.#last((listener) => listener.unreachable("refused"));
    else if (phase === "head") this.#last((listener) => listener.broke(this.#silent));
    else if (phase === "body" && orderly && this.#body?.endsWithConnection) {
      this.#keepAlive = false;
      this.#responseEnded(undefined);
    } else if (phase === "body") this.#last((listener) => listener.broke(false));
    else if (phase !== "closed") this.destroy();
  }

  #last(tell: (listener: ResponseListener) => void): void {
    const listener = this.#listener;
    this.#leave();
    if (listener) tell(listener);
  }

  #leave(): void {
    this.#phase = "closed";
    this.#listener = undefined;
    this.#options.deadlines.delete(this);
  }
}

/** An app that says how long it keeps an idle connection is believed, less a second for the way there. */
function restTime(head: ResponseHead, limits: ProxyLimits): number {
  if (head.idleSeconds === undefined) return limits.dynoIdleMs;
  return Math.min(limits.dynoIdleMs, Math.max(0, head.idleSeconds * 1000 - 1000));
}

function unreadable(kind: "too-large" | "malformed"): RejectedHead {
  return kind === "too-large" ? { kind: "restricted", desc: "oversized header" } : { kind: "malformed" };
}
