import type { Duplex } from "node:stream";
import { BusinessError, type Claim, errorText } from "../../../kernel/index.ts";
import type { AppDynos, DynoHost, DynoSpec, InsideCommand, RunOptions } from "../../../runtime/dyno/index.ts";
import { type LocalRoutes, readUpgradeBody } from "../local/index.ts";

/** The port's calls over a local socket; bodies are the port's own values as JSON. */
export const dynoRoute = {
  apply: (appId: string) => `PUT /apps/${encodeURIComponent(appId)}/dynos`,
  restart: (dynoId: string) => `POST /dynos/${encodeURIComponent(dynoId)}/restart`,
  run: (dynoId: string) => `PUT /dynos/${encodeURIComponent(dynoId)}`,
  stop: (dynoId: string) => `DELETE /dynos/${encodeURIComponent(dynoId)}`,
  attach: (dynoId: string) => `GET /dynos/${encodeURIComponent(dynoId)}/attach`,
  runInside: (dynoId: string) => `POST /dynos/${encodeURIComponent(dynoId)}/inside`,
  watch: "GET /dynos",
} as const;

export interface ApplyBody {
  readonly dynos: AppDynos["dynos"];
  readonly claim: Claim;
}

export interface RunBody {
  readonly spec: DynoSpec;
  readonly options: RunOptions;
}

/** Serves a dyno host to other Conifer processes. Attaching takes over the connection of an upgrade. */
export function dynoHostRoutes(host: DynoHost): LocalRoutes {
  return {
    handlers: {
      "PUT /apps/:appId/dynos": async ({ params, json }) => {
        const { dynos, claim } = (await json()) as ApplyBody;
        await host.apply({ appId: params.appId ?? "", dynos }, claim);
      },
      "POST /dynos/:id/restart": async ({ params }) => await host.restart(params.id ?? ""),
      "PUT /dynos/:id": async ({ json }) => {
        const { spec, options } = (await json()) as RunBody;
        await host.run(spec, options);
      },
      "DELETE /dynos/:id": async ({ params }) => await host.stop(params.id ?? ""),
      "GET /dynos": async ({ signal }) => host.watch(signal),
    },
    upgrades: {
      "GET /dynos/:id/attach": async ({ params }, socket, head) => {
        try {
          join(await host.attach(params.id ?? ""), socket, head);
        } catch (thrown) {
          refuse(socket, thrown);
        }
      },
      "POST /dynos/:id/inside": async ({ params, request }, socket, head) => {
        try {
          const { body, rest } = await readUpgradeBody(request, socket, head);
          join(await host.runInside(params.id ?? "", body as InsideCommand), socket, rest);
        } catch (thrown) {
          refuse(socket, thrown);
        }
      },
    },
  };
}

function join(dyno: Duplex, socket: Duplex, head: Buffer): void {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: conifer\r\n\r\n");
  if (head.length > 0) dyno.write(head);
  dyno.on("error", () => socket.destroy());
  socket.on("close", () => dyno.destroy());
  dyno.on("close", () => socket.end());
  socket.pipe(dyno);
  dyno.pipe(socket);
}

const STATUS: Readonly<Record<string, string>> = { not_found: "404 Not Found", conflict: "409 Conflict" };

function refuse(socket: Duplex, thrown: unknown): void {
  const id = thrown instanceof BusinessError ? thrown.id : "internal";
  const body = JSON.stringify({ id, message: errorText(thrown) });
  const head = [
    `HTTP/1.1 ${STATUS[id] ?? "500 Internal Server Error"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
