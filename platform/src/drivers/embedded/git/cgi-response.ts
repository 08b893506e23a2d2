import { Transform } from "node:stream";

export interface CgiHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const HEAD_LIMIT = 64 * 1024;

/** The head of a CGI response: header lines of which `Status` is the status (RFC 3875 §6.2). */
export function parseCgiHead(text: string): CgiHead {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10) || 500;
    else headers[name] = value;
  }
  return { status, headers };
}

/** Takes the head off a CGI program's output, gives it to `onHead` and passes the body on as it comes. */
export function splitCgi(onHead: (head: CgiHead) => void): Transform {
  let head: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!head) return done(null, chunk);
      head = Buffer.concat([head, chunk]);
      const end = /\r?\n\r?\n/.exec(head.toString("latin1", 0, HEAD_LIMIT));
      if (!end) return done(head.length > HEAD_LIMIT ? new Error("the CGI head has no end") : null);
      const body = head.subarray(end.index + end[0].length);
      onHead(parseCgiHead(head.toString("latin1", 0, end.index)));
      head = undefined;
      done(null, body.length > 0 ? body : undefined);
    },
    flush(done) {
      done(head ? new Error("the CGI program ended without a head") : null);
    },
  });
}
