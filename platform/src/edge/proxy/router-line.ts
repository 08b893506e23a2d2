import { FAILURES, type Failure } from "./failure.ts";

/** What the router says of one request. Times in milliseconds; undefined ones stand empty. */
export interface RequestRecord {
  readonly failure?: Failure | undefined;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly requestId: string;
  readonly fwd: string;
  readonly dyno: string | undefined;
  readonly connectMs: number | undefined;
  readonly serviceMs: number | undefined;
  readonly status: number;
  /** Of the body, as sent to the client. */
  readonly bytes: number;
  readonly minor: 0 | 1;
  /** As Node names it, such as `TLSv1.3`; undefined for plain http. */
  readonly tlsVersion: string | undefined;
}

/** The router's log line, in logfmt, fields in the order of facts routing §4. */
export function routerLine(record: RequestRecord): string {
  const { failure, tlsVersion } = record;
  return (
    `${failure ? failureFields(failure) : "at=info"} method=${record.method} path=${quoted(record.path)} ` +
    `host=${record.host} request_id=${record.requestId} fwd=${quoted(record.fwd)} dyno=${record.dyno ?? ""} ` +
    `connect=${milliseconds(record.connectMs)} service=${milliseconds(record.serviceMs)} ` +
    `status=${record.status} bytes=${record.bytes} protocol=http1.${record.minor} ` +
    `tls=${tlsVersion !== undefined} tls_version=${tlsVersion?.toLowerCase().replace("v", "") ?? "unknown"}`
  );
}

function failureFields({ code, desc, cause }: Failure): string {
  const kind = FAILURES[code];
  const rest = `${cause ? ` cause="${cause}"` : ""}${kind.sock ? ` sock=${kind.sock}` : ""}`;
  return `at=${kind.at} code=${code} desc="${desc ? `${kind.desc}: ${desc}` : kind.desc}"${rest}`;
}

function quoted(value: string): string {
  if (!value.includes('"') && !value.includes("\\")) return `"${value}"`;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "" : `${Math.round(value)}ms`;
}
