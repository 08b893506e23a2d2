import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Clock, errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import {
  type AskedCertificate,
  type AuthorityTrouble,
  attempted,
  failed,
  type IssuedChain,
  isDue,
  isOver,
  isPaused,
  mayBeAsked,
  succeeded,
  takenUp,
  troubled,
} from "./asked-certificate.ts";
import {
  readAskedCertificates,
  recordFile,
  removeRecord,
  writeRecord,
  writeTrouble,
} from "./asked-certificate-files.ts";
import { makeSigningRequest } from "./certificate.ts";
import { type CertificateIssuer, IssueError } from "./certificate-ports.ts";
import { checkChain } from "./check-chain.ts";
import { PendingProofs } from "./pending-proofs.ts";

export interface AskOptions {
  /** Where certificates, their keys and what is known of failures are kept. Nobody else writes there. */
  readonly folder: string;
  /** The URL of the authority's directory: certificates of another one are replaced. */
  readonly authority: string;
  readonly issuer: CertificateIssuer;
  /** Names that have one without being asked for. */
  readonly own: readonly string[];
  /** Whether this name is served here and has no certificate otherwise. Of others nothing is asked, nor is anything renewed. */
  readonly wants: (host: string) => boolean;
  readonly now: Clock;
  readonly logger: Logger;
  /** Attempts in an hour, of all names together. Default 30. */
  readonly perHour?: number;
  /** Names that may wait for their first certificate. Default 1000. */
  readonly mostWaiting?: number;
}

const HOUR = 60 * 60_000;
const PER_HOUR = 30;
const MOST_WAITING = 1_000;
const LOOK_MS = 5_000;

/**
 * Certificates of an authority that everybody trusts, asked for when a visitor first comes for a name, renewed in time, and kept
 * in files. One order at a time, and no more than `perHour`: authorities count orders and failures, and lock out who has
 * too many.
 */
export class CertificatesOnDemand {
  readonly #options: AskOptions;
  readonly #records: Map<string, AskedCertificate>;
  readonly #contexts = new Map<string, { readonly of: IssuedChain; readonly context: SecureContext }>();
  readonly #proofs = new PendingProofs();
  #trouble: AuthorityTrouble | undefined;
  #attempts: number[];
  #sweptAt = 0;
  #wake: () => void = () => {};

  /** Reads what is kept; a file that cannot be read is told and counts as none. */
  static async open(options: AskOptions): Promise<CertificatesOnDemand> {
    const { records, trouble, damaged } = await readAskedCertificates(options.folder);
    for (const reason of damaged)
      options.logger.error("a file of certificates cannot be read; the certificate is asked for again", {
        reason,
      });
    return new CertificatesOnDemand(options, records, trouble);
  }

  private constructor(
    options: AskOptions,
    records: readonly AskedCertificate[],
    trouble: AuthorityTrouble | undefined,
  ) {
    this.#options = options;
    this.#trouble = trouble?.authority === options.authority ? trouble : undefined;
    this.#attempts = records.flatMap(({ triedAt }) => (triedAt === undefined ? [] : [triedAt]));
    this.#records = new Map(records.map((one) => [one.host, takenUp(one, options.authority)]));
    for (const host of options.own) this.#want(host);
  }

  /** The TLS side of a host whose certificate is there and good; where it is not, and the host is wanted, it is asked for. */
  certificateFor(host: string): SecureContext | undefined {
    const current = this.#records.get(host)?.current;
    if (!current) this.#want(host);
    if (!current || current.to <= this.#now()) return undefined;
    const made = this.#contexts.get(host);
    if (made?.of === current) return made.context;
    try {
      const context = createSecureContext({ cert: current.chain, key: current.key });
      this.#contexts.set(host, { of: current, context });
      return context;
    } catch (thrown) {
      this.#drop(host, thrown);
      return undefined;
    }
  }

  /** What the authority is to read at a host's `/.well-known/acme-challenge/<token>`; undefined unless it was told to look there. */
  proof(host: string, token: string): string | undefined {
    return this.#proofs.find(host, token);
  }

  /** Asks and renews from now on, until it is stopped: an order under way is then gone on with by the next process. */
  start(): Running {
    const stopping = new AbortController();
    const ended = this.#run(stopping.signal);
    return {
      stop: async () => {
        stopping.abort();
        await ended;
      },
    };
  }

  /** Makes the attempt that is due, if there is one; false when there was none. Never throws. */
  async work(signal: AbortSignal): Promise<boolean> {
    const { perHour = PER_HOUR } = this.#options;
    const now = this.#now();
    await this.#sweep(now);
    if (isPaused(this.#trouble, now)) return false;
    this.#attempts = this.#attempts.filter((at) => at <= now && now - at < HOUR);
    if (this.#attempts.length >= perHour) return false;
    const record = this.#next(now);
    if (!record) return false;
    this.#attempts.push(now);
    await this.#attempt(record, now, signal);
    return true;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.work(signal)) continue;
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await pause(LOOK_MS, AbortSignal.any([signal, woken.signal]));
    }
  }

  #now(): number {
    return this.#options.now().getTime();
  }

  /** What the disk made of a certificate is not shown to anybody. */
  #drop(host: string, error: unknown): void {
    this.#options.logger.error("a certificate on disk is damaged; it is asked for again", { host, error });
    this.#records.delete(host);
    this.#want(host);
  }

  #want(host: string): void {
    const { wants, mostWaiting = MOST_WAITING } = this.#options;
    if (this.#records.has(host) || !mayBeAsked(host) || !wants(host)) return;
    const waiting = [...this.#records.values()].filter(({ current }) => !current).length;
    if (waiting >= mostWaiting) return;
    this.#records.set(host, { host, failures: 0, nextAt: 0 });
    this.#wake();
  }

  /** Our own names first, then what would end, then those without a certificate, in the order in which they were wanted. */
  #next(now: number): AskedCertificate | undefined {
    const { own, wants, authority } = this.#options;
    const rank = ({ host, current }: AskedCertificate) => (own.includes(host) ? 0 : current ? 1 : 2);
    let best: AskedCertificate | undefined;
    for (const record of this.#records.values()) {
      if (!isDue(record, authority, now) || !wants(record.host)) continue;
      if (!best || rank(record) < rank(best)) best = record;
    }
    return best;
  }

  async #attempt(record: AskedCertificate, now: number, signal: AbortSignal): Promise<void> {
    const { authority, logger } = this.#options;
    const { host } = record;
    const begun = attempted(record, { now, key: newKey(), authority });
    try {
      await this.#keep(begun);
      const issued = await this.#order(begun, signal);
      await this.#keepIssued(succeeded(begun, issued));
      logger.info("a certificate was issued", { host, good_until: new Date(issued.to).toISOString() });
    } catch (thrown) {
      // What was begun stands in its file, and the next process goes on with it.
      if (!signal.aborted) await this.#failed(this.#records.get(host) ?? begun, asIssueError(thrown));
    }
  }

  async #order(begun: AskedCertificate, signal: AbortSignal): Promise<IssuedChain> {
    const { issuer, authority } = this.#options;
    const { host, order } = begun;
    const key = order?.key ?? "";
    const text = await issuer.issue(
      {
        host,
        signingRequest: makeSigningRequest([host], createPrivateKey(key)),
        resume: order?.reference,
        ordered: (reference) => this.#keep({ ...begun, order: { key, authority, reference } }),
        prove: (token, answer) => this.#proofs.add(host, token, answer),
      },
      signal,
    );
    return checkChain(text, { host, key, authority, now: this.#now() });
  }

  async #keep(record: AskedCertificate): Promise<void> {
    const { folder } = this.#options;
    this.#records.set(record.host, record);
    try {
      await writeRecord(folder, record);
    } catch (cause) {
      const path = recordFile(folder, record.host);
      // An order that is not kept would be made again by every process.
      throw new IssueError("authority", `${path} cannot be written: ${errorText(cause)}`, { cause });
    }
  }

  /** A certificate that cannot be written is used all the same: the order in the file leads the next process to it. */
  async #keepIssued(record: AskedCertificate): Promise<void> {
    try {
      await this.#keep(record);
    } catch (thrown) {
      this.#options.logger.error("a certificate is not kept on disk", { host: record.host, error: thrown });
    }
    await this.#tellTrouble(undefined);
  }

  async #failed(record: AskedCertificate, error: IssueError): Promise<void> {
    const { logger, folder, authority } = this.#options;
    const { host } = record;
    const next = failed(record, error, this.#now());
    this.#records.set(host, next);
    await writeRecord(folder, next).catch((thrown) =>
      logger.error("what became of an attempt is not kept on disk", { host, error: thrown }),
    );
    const again = new Date(next.nextAt).toISOString();
    logger.warn("no certificate was issued; what is served stays in use", {
      host,
      reason: error.message,
      again,
    });
    if (error.scope === "name") return await this.#tellTrouble(undefined);
    const trouble = troubled(this.#trouble, error, { now: this.#now(), authority });
    await this.#tellTrouble(trouble);
    logger.warn("the authority of certificates is left alone for a while", {
      authority,
      reason: error.message,
      until: new Date(trouble.until).toISOString(),
    });
  }

  async #tellTrouble(trouble: AuthorityTrouble | undefined): Promise<void> {
    if (!trouble && !this.#trouble) return;
    this.#trouble = trouble;
    await writeTrouble(this.#options.folder, trouble).catch((thrown) =>
      this.#options.logger.error("the authority's state is not kept on disk", { error: thrown }),
    );
  }

  /** Forgets names that nobody wants any more, when nothing of theirs is of use. */
  async #sweep(now: number): Promise<void> {
    if (now >= this.#sweptAt && now - this.#sweptAt < HOUR) return;
    this.#sweptAt = now;
    const { wants, folder, logger } = this.#options;
    for (const record of [...this.#records.values()]) {
      if (wants(record.host) || !isOver(record, now)) continue;
      this.#records.delete(record.host);
      this.#contexts.delete(record.host);
      await removeRecord(folder, record.host).catch((thrown) =>
        logger.error("a certificate that is not needed any more cannot be removed", { error: thrown }),
      );
    }
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

function asIssueError(thrown: unknown): IssueError {
  if (thrown instanceof IssueError) return thrown;
  return new IssueError("authority", errorText(thrown), { cause: thrown });
}
