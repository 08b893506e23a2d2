import { request } from "node:http";
import { patience } from "./patience.ts";

export interface Visit {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Visits an app as a browser would, but over 127.0.0.1 with the Host header set: many resolvers do not know `*.localhost`. */
export function visit(
  routerPort: number,
  host: string,
  path = "/",
  headers: Readonly<Record<string, string>> = {},
): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port: routerPort, path, headers: { host, ...headers }, timeout: patience(75_000) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    call.on("error", reject);
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.end();
  });
}
