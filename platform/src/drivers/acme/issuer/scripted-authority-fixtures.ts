import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../../edge/certificate/certificate.ts";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";

/** What a test has the authority answer in place of what it would. */
export interface ScriptedReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | object;
}

export interface ScriptedAsk {
  readonly method: string;
  /** Such as `/order/1`. */
  readonly path: string;
  /** What was signed; undefined for reading. */
  readonly payload: unknown;
  readonly header: {
    readonly nonce?: string;
    readonly url?: string;
    readonly kid?: string;
    readonly jwk?: object;
  };
}

interface ScriptedOrder {
  readonly host: string;
  readonly account: string;
  readonly token: string;
  status: string;
  authorization: string;
  problem: object | undefined;
  chain: string | undefined;
}

/** An ACME server for tests, in memory and over TLS. It checks signatures, nonces and proofs as the real ones do (RFC 8555). */
export interface ScriptedAuthority {
  readonly directory: string;
  /** What clients must trust to reach it. */
  readonly ca: string;
  /** What it was asked, in order: `POST /new-order`. */
  readonly asked: string[];
  readonly accounts: Map<string, { readonly key: KeyObject; readonly payload: unknown }>;
  readonly orders: Map<string, ScriptedOrder>;
  /** Reads what a host answers at a token; undefined: nothing. */
  proof: (host: string, token: string) => Promise<string | undefined>;
  /** Asked first for every request. */
  script: (ask: ScriptedAsk) => ScriptedReply | undefined;
  /** Accounts must be bound to one of these, made elsewhere: ids with their keys. Undefined: need not. */
  elsewhere: ReadonlyMap<string, Buffer> | undefined;
  /** How long certificates are good. */
  days: number;
  now: () => number;
  stop(): Promise<void>;
}

const DAY = 86_400_000;
const SPKI_P256 = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");

export async function startScriptedAuthority(): Promise<ScriptedAuthority> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-acme-"));
  const now = () => new Date();
  const web = openCertificateAuthority({
    caFile: join(folder, "ca.pem"),
    keyFile: join(folder, "ca.key"),
    now,
  });
  rmSync(folder, { recursive: true });
  const server = createServer(web.issue(["127.0.0.1"]));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const authority = new Authority(origin, web.caPem);
  server.on("request", (request, response) => void authority.serve(request, response));
  authority.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return authority;
}

class Authority implements ScriptedAuthority {
  readonly directory: string;
  readonly ca: string;
  readonly asked: string[] = [];
  readonly accounts: ScriptedAuthority["accounts"] = new Map();
  readonly orders = new Map<string, ScriptedOrder>();
  proof: ScriptedAuthority["proof"] = async () => undefined;
  script: ScriptedAuthority["script"] = () => undefined;
  elsewhere: ScriptedAuthority["elsewhere"];
  days = 90;
  now = () => Date.now();
  stop: () => Promise<void> = async () => {};
  readonly #origin: string;
  readonly #nonces = new Set<string>();
  readonly #issuing = generateKeyPairSync("ec", { namedCurve: "P-256" });

  constructor(origin: string, ca: string) {
    this.#origin = origin;
    this.directory = `${origin}/directory`;
    this.ca = ca;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = request;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    const signed =
      text === "" ? undefined : (JSON.parse(text) as Record<"protected" | "payload" | "signature", string>);
    const header = signed ? parsed(signed.protected) : {};
    const payload = signed?.payload ? parsed(signed.payload) : undefined;
    const ask: ScriptedAsk = { method, path, payload, header };
    this.asked.push(`${method} ${path}`);
    const { status, headers, body } = this.script(ask) ?? (await this.#answer(ask, signed));
    const nonce = randomBytes(12).toString("base64url");
    this.#nonces.add(nonce);
    const sent =
      body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, { "replay-nonce": nonce, ...headers }).end(sent);
  }

  async #answer(ask: ScriptedAsk, signed?: Record<string, string>): Promise<ScriptedReply> {
    const { method, path, header, payload } = ask;
    const at = (rest: string) => `${this.#origin}${rest}`;
    if (method === "GET" && path.split("?")[0] === "/directory")
      return ok({ newNonce: at("/nonce"), newAccount: at("/new-account"), newOrder: at("/new-order") });
    if (method === "HEAD") return { status: 200 };
    if (!signed || header.url !== at(path)) return problem(400, "malformed", "not signed for this address");
    if (!this.#nonces.delete(header.nonce ?? "")) return problem(400, "badNonce", "that nonce is used");
    const key = header.jwk
      ? createPublicKey({ key: header.jwk as never, format: "jwk" })
      : this.accounts.get(header.kid ?? "")?.key;
    if (!key) return problem(400, "accountDoesNotExist", "who are you?");
    if (!isSigned(signed, key)) return problem(400, "malformed", "the signature is wrong");
    if (path === "/new-account") return this.#account(key, payload);
    if (path === "/new-order") return this.#newOrder(payload, header.kid ?? "");
    return await this.#ofOrder(path, payload);
  }

  #account(key: KeyObject, payload: unknown): ScriptedReply {
    for (const [url, { key: known }] of this.accounts)
      if (known.equals(key)) return { ...ok({ status: "valid" }), headers: { location: url } };
    if (this.elsewhere && !isBound(payload, { key, url: `${this.#origin}/new-account` }, this.elsewhere))
      return problem(403, "externalAccountRequired", "you need an account elsewhere");
    const url = `${this.#origin}/account/${this.accounts.size + 1}`;
    this.accounts.set(url, { key, payload });
    return { status: 201, headers: { location: url }, body: { status: "valid" } };
  }

  #newOrder(payload: unknown, account: string): ScriptedReply {
    const host = (payload as { identifiers: { value: string }[] }).identifiers[0]?.value ?? "";
    const id = String(this.orders.size + 1);
    const token = randomBytes(24).toString("base64url");
    const rest = { status: "pending", authorization: "pending", problem: undefined, chain: undefined };
    this.orders.set(id, { host, account, token, ...rest });
    return { status: 201, headers: { location: `${this.#origin}/order/${id}` }, body: this.#document(id) };
  }

  #document(id: string): object {
    const order = this.orders.get(id);
    const at = (kind: string) => `${this.#origin}/${kind}/${id}`;
    return {
      ...{ status: order?.status, authorizations: [at("authorization")], finalize: at("finalize") },
      ...(order?.chain ? { certificate: at("certificate") } : {}),
      ...(order?.problem ? { error: order.problem } : {}),
    };
  }

  async #ofOrder(path: string, payload: unknown): Promise<ScriptedReply> {
    const [, kind = "", id = ""] = path.split("/");
    const order = this.orders.get(id);
    if (!order) return problem(404, "malformed", "no such order");
    if (kind === "challenge") await this.#validate(order);
    if (kind === "finalize") this.#issue(order, (payload as { csr: string }).csr);
    if (kind === "certificate") return { status: 200, body: order.chain ?? "" };
    if (kind !== "authorization") return ok(this.#document(id));
    const challenge = {
      ...{ type: "http-01", url: `${this.#origin}/challenge/${id}`, token: order.token },
      ...(order.problem ? { error: order.problem } : {}),
    };
    const others = [{ type: "dns-01", url: `${this.#origin}/never`, token: "x".repeat(20) }];
    const identifier = { type: "dns", value: order.host };
    return ok({ status: order.authorization, identifier, challenges: [...others, challenge] });
  }

  async #validate(order: ScriptedOrder): Promise<void> {
    const told = await this.proof(order.host, order.token);
    const good = told?.startsWith(`${order.token}.`) === true;
    order.authorization = good ? "valid" : "invalid";
    order.status = good ? "ready" : "invalid";
    if (!good)
      order.problem = {
        type: "urn:ietf:params:acme:error:unauthorized",
        detail: `${order.host} says ${told}`,
      };
  }

  #issue(order: ScriptedOrder, csr: string): void {
    const der = Buffer.from(csr, "base64url");
    const at = der.indexOf(SPKI_P256);
    const publicKey = createPublicKey({ key: der.subarray(at, at + 91), format: "der", type: "spki" });
    const content = { issuer: "Scripted", notBefore: new Date(this.now() - 60_000) };
    const notAfter = new Date(this.now() + this.days * DAY);
    const leaf = { serial: randomBytes(8), subject: order.host, publicKey, notAfter, ...content };
    const root = {
      serial: randomBytes(8),
      subject: "Scripted",
      publicKey: this.#issuing.publicKey,
      notAfter,
      ...content,
    };
    const { privateKey } = this.#issuing;
    order.chain =
      makeCertificate({ ...leaf, use: { kind: "server", hosts: [order.host] } }, privateKey) +
      makeCertificate({ ...root, use: { kind: "authority" } }, privateKey);
    order.status = "valid";
  }
}

/** RFC 8555 §7.3.4 */
function isBound(
  payload: unknown,
  { key, url }: { readonly key: KeyObject; readonly url: string },
  elsewhere: ReadonlyMap<string, Buffer>,
): boolean {
  const { externalAccountBinding: given } = payload as { externalAccountBinding?: Record<string, string> };
  if (!given?.protected || !given.payload) return false;
  const header = parsed(given.protected);
  const secret = elsewhere.get(header.kid);
  if (!secret || header.alg !== "HS256" || header.url !== url) return false;
  const signature = createHmac("sha256", secret)
    .update(`${given.protected}.${given.payload}`)
    .digest("base64url");
  const bound = createPublicKey({ key: parsed(given.payload), format: "jwk" });
  return signature === given.signature && bound.equals(key);
}

/** A failure as ACME servers tell it. */
export function problem(status: number, type: string, detail: string, headers = {}): ScriptedReply {
  return { status, headers, body: { type: `urn:ietf:params:acme:error:${type}`, detail } };
}

const ok = (body: object): ScriptedReply => ({ status: 200, body });
const parsed = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());

function isSigned(signed: Record<string, string>, key: KeyObject): boolean {
  const data = Buffer.from(`${signed.protected}.${signed.payload}`);
  return verify(
    "sha256",
    data,
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signed.signature ?? "", "base64url"),
  );
}
