import { formatLine, formatLines } from "./line-format.ts";
import type { ReadLine } from "./log-ports.ts";

/** A comment: keeps an idle event stream open and shows nothing. */
export const HEARTBEAT = ": heartbeat\n\n";

/**
 * First words of an event stream. The client waits this long before it opens a broken stream again: longer than the
 * API takes to come back, because the stock client gives up when the first attempt is refused.
 */
export const RETRY = "retry: 4000\n\n";

/**
 * The same for a stream that ends by itself: the stock client is then done, but its process lives on until the time
 * to open the stream again has come.
 */
export const RETRY_AT_ONCE = "retry: 1\n\n";

/**
 * Lines as one server-sent event: a `data:` line for each, as the CLI's event source reads them (facts: CLI §logs).
 * The event's id is the position of its last stored line, which the client sends back as `Last-Event-ID`.
 */
export function renderSse(lines: readonly ReadLine[]): string {
  if (lines.length === 0) return "";
  const data = lines.map((line) => `data: ${formatLine(line)}\n`).join("");
  const last = lines.findLast((line) => line.position !== undefined);
  return `${last ? `id: ${last.position}\n` : ""}${data}\n`;
}

/** Lines as plain text, one a line, for clients that read the body as it comes. */
export function renderPlain(lines: readonly ReadLine[]): string {
  return formatLines(lines);
}
