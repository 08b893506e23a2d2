import type { LogLine } from "../../kernel/index.ts";
import { logTime } from "./line-format.ts";

/**
 * A message of RFC 5424. Without `structuredData` it has the form of Heroku's drains, which leave that field out
 * altogether (facts: observability §2); `-` stands for an empty one. Header fields hold printable ASCII without spaces.
 */
export interface SyslogMessage {
  /** Facility × 8 + severity, 0 to 191. */
  readonly priority: number;
  readonly time: string;
  readonly host: string;
  readonly app: string;
  readonly process: string;
  readonly id: string;
  readonly structuredData?: string;
  readonly text: string;
}

/** Facilities and severities as Heroku sends them: local7, local3 and local0, all `info` (facts: observability §1). */
const APP_PRIORITY = 190;
const ROUTER_PRIORITY = 158;
const PLATFORM_PRIORITY = 134;

/** A log line as a drain gets it; `host` is the drain's token. */
export function toSyslog(line: LogLine, host: string): SyslogMessage {
  return {
    priority: priorityOf(line),
    time: logTime(line.time),
    host,
    app: line.source,
    process: line.process,
    id: "-",
    text: line.message,
  };
}

function priorityOf({ source, process }: LogLine): number {
  if (source === "app") return APP_PRIORITY;
  return process === "router" ? ROUTER_PRIORITY : PLATFORM_PRIORITY;
}

export function formatSyslog(message: SyslogMessage): string {
  const { priority, time, host, app, process, id, structuredData, text } = message;
  const header = `<${priority}>1 ${[time, host, app, process, id].map(field).join(" ")}`;
  return `${header}${structuredData === undefined ? "" : ` ${structuredData}`} ${text}`;
}

/** A header field: `-` when empty; what may not stand in it becomes `_`. */
function field(text: string): string {
  return text.replace(/[^!-~]/g, "_") || "-";
}

/** One message with its length in bytes before it (RFC 6587 §3.4.1, octet counting). */
export function frameSyslog(message: SyslogMessage): Buffer {
  const text = Buffer.from(formatSyslog(message));
  return Buffer.concat([Buffer.from(`${text.length} `), text]);
}

const HEADER = /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) ?/;
const STRUCTURED = /^(-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: |$)/s;

/**
 * Reads one message. Whether it has the structured-data field cannot be seen from it: the sender's form is
 * `withStructuredData`. Undefined when the text is not a message of that form.
 */
export function parseSyslog(text: string, withStructuredData: boolean): SyslogMessage | undefined {
  const found = HEADER.exec(text);
  if (!found) return undefined;
  const [header, priority, time = "", host = "", app = "", process = "", id = ""] = found;
  if (Number(priority) > 191) return undefined;
  const rest = text.slice(header.length);
  const fields = { priority: Number(priority), time, host, app, process, id };
  if (!withStructuredData) return { ...fields, text: rest };
  const data = STRUCTURED.exec(rest);
  if (!data) return undefined;
  return { ...fields, structuredData: data[1] ?? "-", text: rest.slice(data[0].length) };
}
