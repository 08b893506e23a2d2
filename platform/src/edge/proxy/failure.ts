/** Codes of requests that did not go well (facts: routing §5). */
export type FailureCode =
  | "H10"
  | "H11"
  | "H12"
  | "H13"
  | "H14"
  | "H15"
  | "H17"
  | "H18"
  | "H19"
  | "H20"
  | "H21"
  | "H24"
  | "H25"
  | "H26"
  | "H27"
  | "H28"
  | "H80"
  | "H81"
  | "H99";

export interface FailureKind {
  readonly status: number;
  readonly at: "info" | "warning" | "error";
  /** The text in the log. H25 and H26 say more in each case. */
  readonly desc: string;
  /** Whose end went away. */
  readonly sock?: "backend" | "client";
}

export const FAILURES: Readonly<Record<FailureCode, FailureKind>> = {
  H10: { status: 503, at: "error", desc: "App crashed" },
  H11: { status: 503, at: "error", desc: "Backlog too deep" },
  H12: { status: 503, at: "error", desc: "Request timeout" },
  H13: { status: 503, at: "error", desc: "Connection closed without response" },
  H14: { status: 503, at: "error", desc: "No web processes running" },
  H15: { status: 503, at: "error", desc: "Idle connection" },
  H17: { status: 503, at: "error", desc: "Poorly formatted HTTP response" },
  H18: { status: 503, at: "error", desc: "Server Request Interrupted", sock: "backend" },
  H19: { status: 503, at: "error", desc: "Backend connection timeout" },
  H20: { status: 503, at: "error", desc: "App boot timeout" },
  H21: { status: 503, at: "error", desc: "Backend connection refused" },
  H24: { status: 503, at: "error", desc: "Forced close" },
  H25: { status: 502, at: "error", desc: "HTTP Restriction" },
  H26: { status: 400, at: "error", desc: "Request Error" },
  H27: { status: 499, at: "warning", desc: "Client Request Interrupted", sock: "client" },
  H28: { status: 499, at: "warning", desc: "Client Connection Idle" },
  H80: { status: 503, at: "info", desc: "Maintenance mode" },
  H81: { status: 502, at: "info", desc: "Blank app" },
  H99: { status: 503, at: "error", desc: "Platform error" },
};

/** One request's failure, with what is particular to it. */
export interface Failure {
  readonly code: FailureCode;
  /** H25: which restriction. */
  readonly desc?: string;
  /** H26: what was wrong. */
  readonly cause?: string;
  /** H26 only: 400, or 417, 501, 505. */
  readonly status?: number;
}

export function failureStatus(failure: Failure): number {
  return failure.status ?? FAILURES[failure.code].status;
}
