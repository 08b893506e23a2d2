import type { Field, RejectedHead, RequestHead, ResponseHead } from "../http1/index.ts";
import type { AppTraffic, Waiting } from "./app-traffic.ts";
import { type Attempts, chooseDyno, refuseAdmission } from "./choose-dyno.ts";
import type { ClientSide } from "./client-side.ts";
import { NEVER } from "./deadlines.ts";
import { Download } from "./download.ts";
import type { DynoConnection, ResponseListener } from "./dyno-connection.ts";
import { failurePage } from "./error-page.ts";
import { type Failure, type FailureCode, failureStatus } from "./failure.ts";
import { forwardedFor, requestIdOf, requestText } from "./forward-request.ts";
import type { ProxyContext } from "./proxy-context.ts";
import type { RoutedDyno } from "./routed-dyno.ts";
import { Tunnel, type TunnelEnd } from "./tunnel.ts";
import { Upload } from "./upload.ts";

/**
 * - `waiting`: for a dyno that boots, or leaves quarantine.
 * - `connecting`: to a dyno.
 * - `sent`: a dyno has the head and gets the body; no response has come back.
 * - `responding`: the client has the response's head.
 * - `tunnel`: upgraded.
 * - `over`: logged, and in nobody's hands.
 */
type Phase = "new" | "waiting" | "connecting" | "sent" | "responding" | "tunnel" | "over";

const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** One request and its response: finds a dyno, watches the time, and says in the log how it went. */
export class Exchange implements ResponseListener, Waiting, Attempts<RoutedDyno> {
  readonly failed = new Set<RoutedDyno>();
  lastFailure: "refused" | "timeout" | undefined;
  readonly #context: ProxyContext;
  readonly #client: ClientSide;
  readonly #head: RequestHead;
  readonly #app: AppTraffic;
  readonly #requestId: string;
  readonly #startedAt = performance.now();
  readonly #upload: Upload;
  readonly #download: Download;
  /** The same request, sent twice, does what it does once; and there is no body that is gone by now. */
  readonly #repeatable: boolean;
  #phase: Phase = "new";
  #admitted = false;
  #waitsFor: "boot" | "quarantine" | "wake" = "boot";
  #repeats = 0;
  #dyno: RoutedDyno | undefined;
  #connection: DynoConnection | undefined;
  #tunnel: Tunnel | undefined;
  #connectingSince = 0;
  #connectedAt: number | undefined;

  constructor(context: ProxyContext, client: ClientSide, head: RequestHead, app: AppTraffic) {
    this.#context = context;
    this.#client = client;
    this.#head = head;
    this.#app = app;
    this.#requestId = requestIdOf(head.fields, context.newId);
    this.#upload = new Upload(head);
    this.#download = new Download(client.writer, head);
    this.#repeatable = head.body.kind === "none" && REPEATABLE.has(head.method);
  }

  // What the client's connection calls.

  start(): void {
    const { route, inFlight } = this.#app;
    const refused = refuseAdmission(route, inFlight, this.#context.limits.inFlightPerDyno);
    if (refused) {
      this.#fail({ code: refused });
      return;
    }
    this.#app.inFlight += 1;
    this.#app.used = true;
    this.#admitted = true;
    this.#route();
  }

  /** True when the request is complete: what the client sends now is its next one. */
  get requestEnded(): boolean {
    return this.#upload.ended;
  }

  /** True while it takes more of the request's body. */
  get wantsInput(): boolean {
    return this.#upload.wants;
  }

  /** Takes a piece of the request's body; returns what came after its end. */
  pushInput(piece: Buffer): Buffer | undefined {
    const rest = this.#upload.push(piece);
    if (rest === "broken") {
      this.#fail({ code: "H26", cause: "bad chunk" });
      return undefined;
    }
    this.#touch();
    return rest;
  }

  /** The client has taken what it was sent. */
  responseWritable(): void {
    if (this.#phase !== "responding") return;
    this.#touch();
    this.#connection?.socket.resume();
  }

  clientGone(): void {
    this.#fail({ code: "H27" });
  }

  expire(now: number): void {
    const isPatient = now < this.#startedAt + this.#context.limits.waitMs;
    const code = this.#overdue();
    if (this.#phase === "waiting" && isPatient) this.#route();
    else if (code) this.#fail({ code });
  }

  /** The router stops and waits no longer. */
  forceEnd(): void {
    if (this.#tunnel) this.#tunnel.close();
    else this.#fail({ code: "H24" });
  }

  // What the app calls.

  appChanged(): void {
    if (this.#phase === "waiting") this.#route();
  }

  // What the connection to the dyno calls.

  connected(): void {
    // It left the table while the connection was made: nothing was sent yet, so another one takes it.
    if (this.#dyno?.left) this.#again();
    else this.#send();
  }

  unreachable(why: "refused" | "timeout"): void {
    const dyno = this.#dyno as RoutedDyno;
    this.#connection = undefined;
    dyno.quarantine(performance.now());
    this.failed.add(dyno);
    this.lastFailure = why;
    this.#route();
  }

  informational(head: ResponseHead): void {
    this.#download.informational(head);
  }

  responseHead(head: ResponseHead): void {
    this.#phase = "responding";
    this.#download.head(head, { keepAlive: !this.#context.isStopping() });
    this.#touch();
  }

  responseData(bytes: Buffer): void {
    this.#download.data(bytes);
  }

  flush(): void {
    if (this.#download.flush()) this.#touch();
    else this.#connection?.socket.pause();
  }

  responseEnd(trailers: readonly Field[], reusable: boolean): void {
    this.#download.end(trailers);
    const connection = this.#connection as DynoConnection;
    if (reusable && this.#upload.ended) this.#dyno?.release(connection);
    else connection.destroy();
    this.#connection = undefined;
    this.#end(undefined, this.#download.status);
    this.#client.finished(this.#download.keepAlive);
  }

  switched(head: ResponseHead, first: Buffer | undefined): void {
    if (!this.#head.upgrade) {
      this.rejected({ kind: "malformed" });
      return;
    }
    const dyno = (this.#connection as DynoConnection).handOver();
    this.#connection = undefined;
    this.#phase = "tunnel";
    this.#download.switching(head);
    const { socket: client, pending } = this.#client.handOver();
    if (first) client.write(first);
    if (pending) dyno.write(pending);
    const { limits, deadlines } = this.#context;
    const onEnd = (end: TunnelEnd, bytes: number) => this.#tunnelEnded(end, bytes + (first?.length ?? 0));
    this.#tunnel = new Tunnel({ client, dyno, silenceMs: limits.silenceMs, deadlines, onEnd });
  }

  rejected(why: RejectedHead): void {
    this.#fail(why.kind === "malformed" ? { code: "H17" } : { code: "H25", desc: why.desc });
  }

  broke(silent: boolean): void {
    const stale = silent && (this.#connection?.used || this.#dyno?.left);
    if (stale && this.#repeatable && this.#repeats < this.#context.limits.connectAttempts) this.#again();
    else if (this.#download.started || !this.#upload.ended) this.#fail({ code: "H18" });
    else this.#fail({ code: silent ? "H13" : "H17" });
  }

  fault(error: unknown): void {
    this.#context.logger.error("a request met an error of ours", { error, requestId: this.#requestId });
    this.#fail({ code: "H99" });
    this.#client.destroy();
  }

  requestWritable(): void {
    if (!this.#upload.blocked) return;
    this.#upload.unblock();
    this.#client.wake();
  }

  #route(): void {
    this.#app.waiting.delete(this);
    const { limits, random } = this.#context;
    // An app may have been scaled down, put in maintenance or deleted while the request waited.
    const refused = refuseAdmission(this.#app.route, 0, limits.inFlightPerDyno);
    const choice = refused
      ? ({ kind: "fail", code: refused } as const)
      : chooseDyno(this.#app, this, { now: performance.now(), random, limits });
    if (choice.kind === "send") this.#connect(choice.dyno);
    else if (choice.kind === "fail") this.#fail({ code: choice.code });
    else {
      this.#phase = "waiting";
      this.#waitsFor = choice.for;
      this.#client.deadline = Math.min(this.#startedAt + limits.waitMs, choice.until);
      this.#app.waiting.add(this);
      if (choice.for === "wake") this.#app.wake();
    }
  }

  #connect(dyno: RoutedDyno): void {
    this.#dyno = dyno;
    this.#phase = "connecting";
    this.#client.deadline = NEVER;
    this.#connectingSince = performance.now();
    const restMs = this.#repeatable ? NEVER : this.#context.limits.freshMs;
    const idle = this.#repeats > 0 ? undefined : dyno.take(restMs);
    this.#connection = idle ?? dyno.connect(this);
    if (idle) this.#send();
  }

  #send(): void {
    const connection = this.#connection as DynoConnection;
    const { peer, proto } = this.#client;
    this.#connectedAt = performance.now();
    this.#phase = "sent";
    const facts = { peer, proto, requestId: this.#requestId, startedAt: this.#context.now().getTime() };
    connection.begin(this, this.#head.method, requestText(this.#head, facts));
    this.#touch();
    if (!this.#upload.ended) {
      if (this.#head.expectsContinue) this.#download.askForBody();
      this.#upload.open(connection.writer);
      this.#client.wake();
    }
    if (this.#phase === "sent") connection.writer.flush();
  }

  /** What it means that the deadline is past. */
  #overdue(): FailureCode | undefined {
    switch (this.#phase) {
      case "waiting":
        return this.#waitsFor === "quarantine" ? "H99" : "H20";
      case "sent":
        if (this.#upload.ended) return "H12";
        return this.#upload.blocked ? "H15" : "H28";
      case "responding":
        return this.#download.flush() ? "H15" : "H28";
      default:
        return undefined;
    }
  }

  /** Something moved: the other side has its full time again. */
  #touch(): void {
    const { firstByteMs, silenceMs } = this.#context.limits;
    const isAppsTurn = this.#phase === "sent" && this.#upload.ended;
    this.#client.deadline = performance.now() + (isAppsTurn ? firstByteMs : silenceMs);
  }

  #again(): void {
    this.#repeats += 1;
    this.#drop();
    this.#route();
  }

  #drop(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #fail(failure: Failure): void {
    if (this.#phase === "over" || this.#phase === "tunnel") return;
    this.#drop();
    this.#upload.close();
    const isClients = failure.code === "H27" || failure.code === "H28";
    const cut = isClients || this.#download.started;
    if (!cut) {
      const keepAlive = this.#upload.ended && !this.#context.isStopping();
      this.#download.page(failurePage(failure), { keepAlive });
    }
    this.#end(failure, failureStatus(failure));
    if (cut) this.#client.cut({ reset: this.#download.endsWithConnection });
    else this.#client.finished(this.#download.keepAlive);
  }

  #tunnelEnded(end: TunnelEnd, bytes: number): void {
    const code = ({ closed: undefined, silent: "H15", forced: "H24" } as const)[end];
    this.#end(code && { code }, code ? failureStatus({ code }) : 101, bytes);
    this.#client.closed();
  }

  #end(failure: Failure | undefined, status: number, bytes = this.#download.bytes): void {
    this.#phase = "over";
    this.#app.waiting.delete(this);
    if (this.#admitted) this.#app.inFlight -= 1;
    const connectedAt = this.#connectedAt;
    this.#client.log(this.#app, {
      failure,
      method: this.#head.method,
      path: this.#head.target,
      host: this.#head.host,
      requestId: this.#requestId,
      fwd: forwardedFor(this.#head.fields, this.#client.peer),
      dyno: this.#dyno?.name,
      connectMs: connectedAt === undefined ? undefined : connectedAt - this.#connectingSince,
      serviceMs: connectedAt === undefined ? undefined : performance.now() - connectedAt,
      status,
      bytes,
      minor: this.#head.minor,
    });
  }
}
