/** What the API server answered instead of what was asked for. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** HTTP status. */
  readonly status: number;
  /** Kubernetes' word for it, such as `NotFound`, `AlreadyExists`, `Conflict`, `Expired`. */
  readonly reason: string;
  /** The server asks to wait so long. */
  readonly retryAfterSeconds: number | undefined;

  constructor(doing: string, answer: KubeAnswer) {
    super(`${doing}: ${answer.message}`);
    this.status = answer.status;
    this.reason = answer.reason;
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }
}

export interface KubeAnswer {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

const LONGEST_MESSAGE = 500;

/** Reads the API's `Status` document; an answer that is none, as a proxy in between gives, is quoted in part. */
export function readAnswer(status: number, body: string, retryAfter?: string): KubeAnswer {
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  const wait = seconds >= 0 ? { retryAfterSeconds: seconds } : {};
  try {
    const { reason, message } = JSON.parse(body) as { reason?: unknown; message?: unknown };
    if (typeof message === "string")
      return { status, reason: typeof reason === "string" ? reason : "", message, ...wait };
  } catch {
    // It is not JSON, so it is told as it is.
  }
  return { status, reason: "", message: `answer ${status}: ${body.slice(0, LONGEST_MESSAGE)}`, ...wait };
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.status === 404;
}

/** The object exists already, or was changed by somebody else since it was read. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.status === 409;
}

/** A list or watch must begin anew: the version it wanted is no longer kept. */
export function isExpired(thrown: unknown): boolean {
  return thrown instanceof KubeError && (thrown.status === 410 || thrown.reason === "Expired");
}

/** Another try may succeed: the server is overloaded, starting, or was not reached at all. */
export function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof KubeError)) return true;
  return thrown.status === 429 || thrown.status >= 500;
}
