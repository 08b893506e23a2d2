import type { Socket } from "node:net";
import {
  HeadBuffer,
  parseRequestHead,
  REQUEST_LIMITS,
  type RefusedHead,
  type RequestHead,
} from "../http1/index.ts";
import type { AllTraffic, AppTraffic } from "./app-traffic.ts";
import type { ClientSide } from "./client-side.ts";
import type { Expiring } from "./deadlines.ts";
import {
  badRequestPage,
  lateRequestPage,
  noSuchAppPage,
  pageText,
  proofPage,
  type RouterPage,
} from "./error-page.ts";
import { Exchange } from "./exchange.ts";
import { failureStatus } from "./failure.ts";
import { forwardedFor } from "./forward-request.ts";
import { hostName, isOwnHost } from "./host-name.ts";
import type { ProxyContext } from "./proxy-context.ts";
import { type RequestRecord, routerLine } from "./router-line.ts";
import { SocketWriter } from "./socket-writer.ts";

export interface ClientContext extends ProxyContext {
  readonly traffic: AllTraffic;
  /** The apps' domain. */
  readonly domain: string;
  /** The page for hosts that mean this machine and no app. */
  readonly firstPage: () => string;
  /** What an authority of certificates is to read of a host; undefined for tokens that nobody waits for. */
  readonly proof: ((host: string, token: string) => string | undefined) | undefined;
  readonly onClose: (connection: ClientConnection) => void;
}

/** RFC 8555 §8.3 */
const PROOF_PATH = "/.well-known/acme-challenge/";

export interface ClientOptions {
  readonly socket: Socket;
  /** Such as `TLSv1.3`; undefined for plain http. */
  readonly tlsVersion: string | undefined;
}

/**
 * - `head`: between requests, or within a head.
 * - `exchange`: a request is being served; what comes after its body waits.
 * - `lingering`: the last response is written; what still comes is dropped, so that the response is not lost to a reset.
 * - `given`: the socket is a tunnel's.
 */
type Mode = "head" | "exchange" | "lingering" | "given" | "closed";

/** A client's connection: finds requests in what it sends, one after the other, and serves each. */
export class ClientConnection implements ClientSide, Expiring {
  readonly writer: SocketWriter;
  readonly peer: string;
  readonly proto: "http" | "https";
  deadline: number;
  readonly #context: ClientContext;
  readonly #socket: Socket;
  readonly #tlsVersion: string | undefined;
  readonly #head = new HeadBuffer(REQUEST_LIMITS.headBytes, { skipsEmptyLines: true });
  #mode: Mode = "head";
  #exchange: Exchange | undefined;
  /** Input that nobody takes yet. Reading stops while there is any. */
  #waiting: Buffer | undefined;
  #feeding = false;

  readonly #onData = (piece: Buffer) => {
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, piece]) : piece;
    try {
      this.#feed();
    } catch (thrown) {
      this.#fault(thrown);
    }
  };
  readonly #onDrain = () => {
    if (this.#exchange) this.#exchange.responseWritable();
    else this.wake();
  };
  readonly #onEnd = () => {
    if (this.#mode === "exchange") this.#exchange?.clientGone();
    else this.#socket.end();
  };
  readonly #onClose = () => {
    if (this.#mode === "exchange") this.#exchange?.clientGone();
    this.closed();
  };

  constructor(context: ClientContext, { socket, tlsVersion }: ClientOptions) {
    this.#context = context;
    this.#socket = socket;
    this.#tlsVersion = tlsVersion;
    this.writer = new SocketWriter(socket, context.outbox);
    this.peer = plainAddress(socket.remoteAddress ?? "");
    this.proto = tlsVersion === undefined ? "http" : "https";
    this.deadline = performance.now() + context.limits.clientIdleMs;
    context.deadlines.add(this);
    socket
      .on("data", this.#onData)
      .on("drain", this.#onDrain)
      .on("end", this.#onEnd)
      .on("close", this.#onClose)
      // What went wrong is followed by `close`.
      .on("error", () => {});
  }

  expire(now: number): void {
    switch (this.#mode) {
      case "exchange":
        this.#exchange?.expire(now);
        break;
      case "head":
        if (this.#head.started) this.#answer(lateRequestPage, undefined);
        else this.#socket.destroy();
        break;
      default:
        this.#socket.destroy();
    }
  }

  /** Ends it if no request is under way; otherwise it ends with the request. */
  closeWhenIdle(): void {
    if (this.#mode === "head" && !this.#head.started) this.#linger();
  }

  forceClose(): void {
    if (this.#exchange) this.#exchange.forceEnd();
    this.writer.send();
    this.#socket.destroy();
  }

  // What the exchange calls.

  wake(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#feed();
  }

  finished(keepAlive: boolean): void {
    const complete = this.#exchange?.requestEnded ?? true;
    this.#exchange = undefined;
    if (!keepAlive || !complete) {
      this.#linger();
      return;
    }
    this.#mode = "head";
    this.deadline = performance.now() + this.#context.limits.clientIdleMs;
    this.wake();
  }

  cut({ reset }: { readonly reset: boolean }): void {
    this.#exchange = undefined;
    this.#mode = "closed";
    this.writer.send();
    if (reset && this.proto === "http") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  handOver(): { readonly socket: Socket; readonly pending: Buffer | undefined } {
    const pending = this.#waiting;
    this.#waiting = undefined;
    this.#mode = "given";
    this.writer.send();
    this.deadline = Number.POSITIVE_INFINITY;
    this.#socket
      .off("data", this.#onData)
      .off("drain", this.#onDrain)
      .off("end", this.#onEnd)
      .off("close", this.#onClose);
    return { socket: this.#socket, pending };
  }

  closed(): void {
    this.#mode = "closed";
    this.#exchange = undefined;
    this.#context.deadlines.delete(this);
    this.#context.onClose(this);
  }

  log(app: AppTraffic, record: Omit<RequestRecord, "tlsVersion">): void {
    this.#context.figures.requestEnded(record.status, record.failure?.code, record.serviceMs);
    this.#context.log.write({
      appId: app.route.appId,
      time: this.#context.now(),
      source: "heroku",
      process: "router",
      message: routerLine({ ...record, tlsVersion: this.#tlsVersion }),
    });
  }

  /** Hands input to whoever takes it now. Never calls itself: a client may send thousands of requests in one piece. */
  #feed(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    while (this.#waiting && this.#takesInput()) {
      const piece = this.#waiting;
      this.#waiting = undefined;
      const rest = this.#take(piece);
      if (rest) this.#waiting = rest;
    }
    this.#feeding = false;
    if (this.#waiting) this.#socket.pause();
  }

  #takesInput(): boolean {
    if (this.#mode === "exchange") return this.#exchange?.wantsInput === true;
    // A client that asks and asks and does not read gets no further answers.
    if (this.#mode === "head") return !this.#socket.writableNeedDrain;
    return this.#mode !== "given";
  }

  #take(piece: Buffer): Buffer | undefined {
    if (this.#mode === "exchange") {
      const rest = this.#exchange?.pushInput(piece);
      if (this.#exchange && !this.#exchange.requestEnded && !this.#exchange.wantsInput) this.#socket.pause();
      return rest;
    }
    return this.#mode === "head" ? this.#takeHead(piece) : undefined;
  }

  #takeHead(piece: Buffer): Buffer | undefined {
    const begun = this.#head.started;
    const outcome = this.#head.push(piece);
    switch (outcome.kind) {
      case "partial":
        if (!begun && this.#head.started) this.deadline = performance.now() + this.#context.limits.headMs;
        return undefined;
      case "complete": {
        const head = parseRequestHead(outcome.text);
        // The rest waits until it is known who takes it.
        this.#waiting = outcome.rest;
        if (head.kind === "request") this.#serve(head);
        else this.#refuse(head);
        return undefined;
      }
      default:
        this.#answer(badRequestPage, undefined);
        return undefined;
    }
  }

  #serve(head: RequestHead): void {
    const name = hostName(head.host);
    const proof = this.#proofFor(name, head);
    const app = proof === undefined ? this.#context.traffic.find(name) : undefined;
    if (proof !== undefined) this.#answer(proofPage(proof), head);
    else if (app) {
      this.#mode = "exchange";
      this.#exchange = new Exchange(this.#context, this, head, app);
      this.#exchange.start();
    } else if (isOwnHost(name, this.#context.domain)) {
      this.#answer({ status: 200, html: this.#context.firstPage() }, head);
    } else this.#answer(noSuchAppPage, head);
  }

  /** Only while it is waited for: at all other times the path is the app's, as any other. */
  #proofFor(name: string, { method, target }: RequestHead): string | undefined {
    const { proof } = this.#context;
    if (!proof || !target.startsWith(PROOF_PATH) || (method !== "GET" && method !== "HEAD")) return undefined;
    return proof(name, target.slice(PROOF_PATH.length));
  }

  /** The router's own answer to a request that is no app's. */
  #answer(page: RouterPage, head: RequestHead | undefined): void {
    const keepAlive = head?.body.kind === "none" && head.keepAlive && !this.#context.isStopping();
    const method = head?.method ?? "GET";
    const { text } = pageText(page, { method, minor: head?.minor ?? 1, keepAlive });
    this.writer.text(text);
    this.writer.flush();
    this.finished(keepAlive);
  }

  #refuse(refused: RefusedHead): void {
    const failure = { code: "H26", cause: refused.cause, status: refused.status } as const;
    const app = refused.host === undefined ? undefined : this.#context.traffic.find(hostName(refused.host));
    if (app) {
      this.log(app, {
        failure,
        method: refused.method ?? "",
        path: refused.target ?? "",
        host: refused.host ?? "",
        requestId: this.#context.newId(),
        fwd: forwardedFor([], this.peer),
        dyno: undefined,
        connectMs: undefined,
        serviceMs: undefined,
        status: failureStatus(failure),
        bytes: 0,
        minor: 1,
      });
    }
    this.#answer({ ...badRequestPage, status: refused.status }, undefined);
  }

  /** One request that we cannot handle must not end all the others. */
  #fault(error: unknown): void {
    this.#feeding = false;
    if (this.#exchange) this.#exchange.fault(error);
    else {
      this.#context.logger.error("a connection met an error of ours", { error });
      this.destroy();
    }
  }

  #linger(): void {
    this.#mode = "lingering";
    this.#waiting = undefined;
    const { silenceMs, lingerMs } = this.#context.limits;
    this.deadline = performance.now() + silenceMs;
    this.writer.send();
    this.#socket.end(() => {
      this.deadline = performance.now() + lingerMs;
    });
    if (this.#socket.isPaused()) this.#socket.resume();
  }
}

/** An IPv4 client of a socket that speaks both versions is named as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}
