import {
  type CertificateIssuer,
  type CertificateOrder,
  IssueError,
} from "../../../edge/certificate/index.ts";
import { pause } from "../../../kernel/index.ts";
import { type AccountKey, newAccountKey, readAccountKey } from "./account-key.ts";
import { type Directory, type Order, readAuthorization, readDirectory, readOrder } from "./acme-documents.ts";
import {
  AcmeRefusal,
  type AcmeReply,
  AcmeRequests,
  type AcmeRequestsOptions,
  type SignedAsk,
} from "./acme-requests.ts";

export interface AcmeIssuerOptions extends AcmeRequestsOptions {
  /** Where the authority may write to whoever runs this. Default: nowhere. */
  readonly email?: string | undefined;
  /** An account that was made elsewhere, where the authority wants one. */
  readonly binding?: { readonly id: string; readonly key: Buffer } | undefined;
  /** Keeps the account with this authority: a text with its private key. */
  readonly account: {
    load(): Promise<string | undefined>;
    keep(text: string): Promise<void>;
  };
  /** One certificate takes no longer. Default two minutes. */
  readonly issueMs?: number;
  /** How long to wait before looking again, where the authority does not say. Default 1 s. */
  readonly lookMs?: number;
}

/** An account, whose URL is missing until the authority knows it. */
interface Account {
  readonly key: AccountKey;
  readonly url?: string;
}

const ISSUE_MS = 120_000;
const LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 15_000;
const CHAIN = "application/pem-certificate-chain";

/**
 * Certificates from any ACME server (RFC 8555), each name proven by HTTP-01. The account is made at the first order, its key kept
 * before, so that a process that dies meanwhile makes no second one.
 */
export function makeAcmeIssuer(options: AcmeIssuerOptions): CertificateIssuer & { close(): Promise<void> } {
  const requests = new AcmeRequests(options);
  let account: Account | undefined;
  return {
    issue: async (order, signal) => {
      const { issueMs = ISSUE_MS } = options;
      const late = AbortSignal.timeout(issueMs);
      const within = AbortSignal.any([signal, late]);
      try {
        const directory = readDirectory((await requests.get(options.directory, within)).bytes);
        const call = { ...options, requests, directory };
        const opened = await openAccount({ ...call, account, keep: options.account }, within);
        account = opened;
        return await issueOne({ ...call, account: opened, order }, within);
      } catch (thrown) {
        if (account && thrown instanceof AcmeRefusal && thrown.type === "accountDoesNotExist") {
          // The next attempt makes the account again, with the same key.
          account = { key: account.key };
          await options.account.keep(accountText(account)).catch(() => {});
        }
        if (!late.aborted || signal.aborted) throw thrown;
        throw new IssueError(
          "name",
          `the authority did not end the order within ${issueMs / 1_000} seconds`,
          {
            cause: thrown,
          },
        );
      }
    },
    close: () => requests.close(),
  };
}

function accountText({ key, url }: Account): string {
  return JSON.stringify({ key: key.pem, url });
}

interface AccountCall extends Pick<AcmeIssuerOptions, "email" | "binding"> {
  readonly requests: AcmeRequests;
  readonly directory: Directory;
  readonly account: Account | undefined;
  readonly keep: AcmeIssuerOptions["account"];
}

/** The same key gets the same account, however often it is asked for. (RFC 8555 §7.3) */
async function openAccount(call: AccountCall, signal: AbortSignal): Promise<Required<Account>> {
  const { requests, directory, email, binding, keep } = call;
  const { key, url } = call.account ?? (await loadAccount(keep));
  if (url !== undefined) return { key, url };
  await keep.keep(accountText({ key }));
  const payload = {
    termsOfServiceAgreed: true,
    ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
    ...(binding ? { externalAccountBinding: key.bind(binding, directory.newAccount) } : {}),
  };
  const ask = { url: directory.newAccount, payload, key };
  const { location } = await requests.post(ask, directory.newNonce, signal).catch((thrown) => {
    if (!(thrown instanceof AcmeRefusal)) throw thrown;
    const hint =
      thrown.type === "externalAccountRequired"
        ? ". Make an account there, and set CONIFER_ACME_KEY_ID and CONIFER_ACME_KEY to what it gives for ACME"
        : "";
    throw new IssueError("authority", `no account with the authority: ${thrown.message}${hint}`, {
      retryAfterMs: thrown.retryAfterMs,
      cause: thrown,
    });
  });
  if (location === undefined)
    throw new IssueError("authority", "the authority does not say where the account is");
  await keep.keep(accountText({ key, url: location }));
  return { key, url: location };
}

async function loadAccount(keep: AcmeIssuerOptions["account"]): Promise<Account> {
  const text = await keep.load();
  if (text === undefined) return { key: newAccountKey() };
  try {
    const { key, url }: { key: string; url?: string } = JSON.parse(text);
    return { key: readAccountKey(key), ...(typeof url === "string" ? { url } : {}) };
  } catch {
    // Nothing is lost with an account but its history of orders.
    return { key: newAccountKey() };
  }
}

interface IssueCall extends Pick<AcmeIssuerOptions, "lookMs"> {
  readonly requests: AcmeRequests;
  readonly directory: Directory;
  readonly account: Required<Account>;
  readonly order: CertificateOrder;
}

async function issueOne(call: IssueCall, signal: AbortSignal): Promise<string> {
  const { order: asked } = call;
  const { url, order } = await placeOrder(call, signal);
  if (order.status === "pending")
    for (const authorization of order.authorizations) await prove(call, authorization, signal);
  const settled = await follow(call, url, (one) => one.status !== "pending", signal);
  if (settled.status === "ready") {
    const csr = Buffer.from(asked.signingRequest).toString("base64url");
    await ask(call, { url: settled.finalize, payload: { csr } }, signal);
  }
  const ended = await follow(call, url, ({ status }) => status === "valid", signal);
  if (ended.certificate === undefined)
    throw new IssueError("authority", "the authority does not say where the certificate is");
  return (await ask(call, { url: ended.certificate, accept: CHAIN }, signal)).bytes.toString();
}

/** The order that a process before this one made, where it is still good for something; else a new one. */
async function placeOrder(call: IssueCall, signal: AbortSignal): Promise<{ url: string; order: Order }> {
  const { order: asked, directory } = call;
  if (asked.resume !== undefined) {
    const before = await ask(call, { url: asked.resume }, signal).catch((thrown) => {
      if (thrown instanceof AcmeRefusal && thrown.isFinal) return undefined;
      throw thrown;
    });
    const order = before && readOrder(before.bytes);
    if (order && order.status !== "invalid") return { url: asked.resume, order };
  }
  const identifiers = [{ type: "dns", value: asked.host }];
  const { bytes, location } = await ask(call, { url: directory.newOrder, payload: { identifiers } }, signal);
  if (location === undefined)
    throw new IssueError("authority", "the authority does not say where the order is");
  const order = readOrder(bytes);
  await asked.ordered(location);
  return { url: location, order };
}

async function prove(call: IssueCall, url: string, signal: AbortSignal): Promise<void> {
  const { order: asked, account } = call;
  const { host, status, challenge, wildcard } = readAuthorization((await ask(call, { url }, signal)).bytes);
  if (status === "valid") return;
  if (host !== asked.host || wildcard)
    throw new IssueError(
      "authority",
      `the authority wants ${JSON.stringify(host.slice(0, 253))} proven, which was not asked for`,
    );
  if (!challenge) throw new IssueError("name", "the authority does not offer a proof by http (http-01)");
  const end = asked.prove(challenge.token, account.key.authorize(challenge.token));
  try {
    await ask(call, { url: challenge.url, payload: {} }, signal);
    for (let reply = await ask(call, { url }, signal); ; reply = await look(call, url, reply, signal)) {
      const now = readAuthorization(reply.bytes);
      if (now.status === "valid") return;
      if (now.status !== "pending")
        throw unproven(asked.host, now.problem ?? `it is ${now.status.slice(0, 40)}`);
    }
  } finally {
    end();
  }
}

function unproven(host: string, problem: string): IssueError {
  return new IssueError(
    "name",
    `the authority could not prove ${host}: ${problem}. Its A and AAAA records must lead to this machine, and port 80 to the router`,
  );
}

/** Looks at an order until it is as wanted. Throws when it will not be any more. */
async function follow(
  call: IssueCall,
  url: string,
  isSo: (order: Order) => boolean,
  signal: AbortSignal,
): Promise<Order> {
  for (let reply = await ask(call, { url }, signal); ; reply = await look(call, url, reply, signal)) {
    const order = readOrder(reply.bytes);
    if (order.status === "invalid")
      throw new IssueError(
        "name",
        `the authority ended the order: ${order.problem ?? "it does not say why"}`,
      );
    if (isSo(order)) return order;
  }
}

/** Asks again after as long as the authority wants, within bounds. */
async function look(
  call: IssueCall,
  url: string,
  before: AcmeReply,
  signal: AbortSignal,
): Promise<AcmeReply> {
  const { lookMs = LOOK_MS } = call;
  await pause(Math.min(Math.max(before.retryAfterMs ?? lookMs, lookMs), LONGEST_LOOK_MS), signal);
  return await ask(call, { url }, signal);
}

async function ask(
  { requests, directory, account }: IssueCall,
  asked: Pick<SignedAsk, "url" | "payload" | "accept">,
  signal: AbortSignal,
): Promise<AcmeReply> {
  const signed = { ...asked, key: account.key, account: account.url };
  return await requests.post(signed, directory.newNonce, signal);
}
