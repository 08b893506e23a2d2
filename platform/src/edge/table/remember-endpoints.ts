import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { errorText, type Logger, type Running } from "../../kernel/index.ts";
import type { Endpoint, EndpointNews, EndpointSource } from "../route/index.ts";

export interface RememberEndpointsOptions {
  readonly source: EndpointSource;
  /** Where the last known endpoints are kept. */
  readonly file: string;
  readonly logger: Logger;
  /** Changes are gathered so long before they are written. Default a second. */
  readonly gatherMs?: number;
}

const GATHER_MS = 1_000;

/**
 * The same source, which knows at its start what was known last: a router that is started while nobody can tell sends
 * requests where dynos were. Once the source tells, only that counts. `stop` writes what was not written yet.
 */
export function rememberEndpoints(options: RememberEndpointsOptions): EndpointSource & Running {
  const { source, file, logger, gatherMs = GATHER_MS } = options;
  let apps: Map<string, readonly Endpoint[]> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const write = () => {
    timer = undefined;
    const text = JSON.stringify(Object.fromEntries(apps ?? []));
    writing = writing
      .then(() => replaceFile(file, text))
      .catch((thrown: unknown) => {
        logger.warn("the endpoints could not be kept", { error: errorText(thrown) });
      });
  };
  const take = (news: EndpointNews) => {
    if (news.kind === "all") apps = new Map(Object.entries(news.apps));
    else apps = (apps ?? new Map<string, readonly Endpoint[]>()).set(news.appId, news.endpoints);
    timer ??= setTimeout(write, gatherMs);
  };
  return {
    async *watch(signal) {
      const last = apps ? undefined : readKept(file);
      if (last) yield { kind: "all", apps: last };
      for await (const news of source.watch(signal)) {
        take(news);
        yield news;
      }
    },
    stop: async () => {
      if (timer) {
        clearTimeout(timer);
        write();
      }
      await writing;
    },
  };
}

/** Undefined when there is none, or none that makes sense. */
function readKept(file: string): Readonly<Record<string, readonly Endpoint[]>> | undefined {
  try {
    const apps = JSON.parse(readFileSync(file, "utf8")) as Record<string, readonly Endpoint[]> | null;
    const isWhole = apps !== null && typeof apps === "object" && Object.values(apps).every(Array.isArray);
    return isWhole ? apps : undefined;
  } catch {
    return undefined;
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}
