import { addAbortSignal, PassThrough } from "node:stream";
import { type Logger, silentLogger } from "../../../kernel/index.ts";
import { status } from "./api-server-fixtures.ts";
import type { KubeClient, KubeList, KubePlace, Query } from "./kube-client.ts";
import type { BodyReadable } from "./kube-connection.ts";
import { KubeError } from "./kube-error.ts";
import { type ConfigMap, KIND, type KubeObject } from "./kube-objects.ts";
import type { ObjectListener } from "./object-watch.ts";

export const PLACE: KubePlace = { kind: KIND.configMap, namespace: "apps" };

export function configMap(name: string, version: number | string, text = ""): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "apps", resourceVersion: String(version) },
    data: { text },
  };
}

/** Keeps what it is told of, as a consumer of a watch does. */
export interface ToldObjects {
  readonly listener: ObjectListener<ConfigMap>;
  /** `replaced a b`, `changed a@7`, `removed a@8`. */
  readonly said: string[];
  /** `name@version` of all there are, in the order of names. */
  held(): string[];
  /** Resolves as soon as so many words have been said. */
  until(words: number): Promise<void>;
}

export function keepTold(): ToldObjects {
  const said: string[] = [];
  const objects = new Map<string, string>();
  const waiting = new Set<{ readonly words: number; readonly resolve: () => void }>();
  const say = (word: string) => {
    said.push(word);
    for (const one of waiting) if (said.length >= one.words) one.resolve();
  };
  const put = ({ metadata: { name, resourceVersion = "" } }: KubeObject) =>
    objects.set(name, resourceVersion);
  const mark = ({ metadata }: KubeObject) => `${metadata.name}@${metadata.resourceVersion}`;
  return {
    said,
    held: () => [...objects].map(([name, version]) => `${name}@${version}`).sort(),
    until: (words) =>
      new Promise((resolve) => {
        waiting.add({ words, resolve });
        if (said.length >= words) resolve();
      }),
    listener: {
      replaced: (all) => {
        objects.clear();
        for (const object of all) put(object);
        say(["replaced", ...all.map(mark)].join(" "));
      },
      changed: (object) => {
        put(object);
        say(`changed ${mark(object)}`);
      },
      removed: (object) => {
        objects.delete(object.metadata.name);
        say(`removed ${mark(object)}`);
      },
    },
  };
}

/** Keeps the warnings, each as its `error` field. */
export function keepWarnings(): { readonly logger: Logger; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  return { logger: { ...silentLogger, warn: (_message, fields) => void errors.push(fields?.error) }, errors };
}

type Fault = "refuse" | "break" | "end" | "garbage" | "stray" | "expired";

/**
 * A collection with the API server's rules for lists in pages and watches from a version, and faults that a test plans.
 * Its versions are counted from 1. Nothing in it waits for a timer.
 */
export class WatchedCollection {
  readonly #objects = new Map<string, ConfigMap>();
  readonly #history: { readonly version: number; readonly type: string; readonly object: ConfigMap }[] = [];
  readonly #watches = new Set<PassThrough>();
  readonly #planned: Fault[] = [];
  readonly #pages = new Map<string, { readonly version: number; readonly rest: readonly ConfigMap[] }>();
  #version = 1;
  /** Changes up to here are forgotten. */
  #forgotten = 0;
  readonly #pageSize: number;
  /** What was asked, such as `list` and `watch 7`. */
  readonly asked: string[] = [];

  constructor(pageSize = 500) {
    this.#pageSize = pageSize;
  }

  readonly client: Pick<KubeClient, "list" | "stream"> = {
    list: async <T extends KubeObject>(_place: KubePlace, query: Query) =>
      this.#list(query) as KubeList<KubeObject> as KubeList<T>,
    stream: async (_path, query, signal) => this.#stream(query, signal) as unknown as BodyReadable,
  };

  held(): string[] {
    return [...this.#objects.values()]
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort();
  }

  watches(): number {
    return this.#watches.size;
  }

  put(name: string): void {
    const type = this.#objects.has(name) ? "MODIFIED" : "ADDED";
    const object = configMap(name, ++this.#version);
    this.#objects.set(name, object);
    this.#tell(type, object);
  }

  remove(name: string): void {
    if (!this.#objects.delete(name)) return;
    this.#tell("DELETED", configMap(name, ++this.#version));
  }

  /** Others changed something of another label: only the version goes on. */
  bookmark(): void {
    this.#version++;
    for (const watch of this.#watches)
      watch.write(line("BOOKMARK", { metadata: { resourceVersion: String(this.#version) } }));
  }

  /** Forgets how it came to be as it is. */
  forget(): void {
    this.#forgotten = this.#version;
    this.#pages.clear();
  }

  /** What the next requests meet, one each. */
  plan(...faults: readonly Fault[]): void {
    this.#planned.push(...faults);
  }

  calm(): void {
    this.#planned.length = 0;
  }

  /** Ends the watches there are in this way, each in the middle of an event where it breaks. */
  disturb(fault: Fault): void {
    for (const watch of this.#watches) spoil(watch, fault);
    this.#watches.clear();
  }

  #tell(type: string, object: ConfigMap): void {
    this.#history.push({ version: this.#version, type, object });
    for (const watch of this.#watches) watch.write(line(type, object));
  }

  #list(query: Query): KubeList<ConfigMap> {
    this.asked.push("list");
    const fault = this.#planned.shift();
    if (fault === "expired") throw expired();
    if (fault !== undefined) throw new KubeError("listing", { status: 500, reason: "", message: fault });
    const token = query.continue === undefined ? undefined : String(query.continue);
    const page = token === undefined ? undefined : this.#pages.get(token);
    if (token !== undefined && !page) throw expired();
    const { version, rest } = page ?? { version: this.#version, rest: [...this.#objects.values()] };
    const left = rest.slice(this.#pageSize);
    const next = left.length > 0 ? `${version}/${left.length}` : undefined;
    if (next) this.#pages.set(next, { version, rest: left });
    return { resourceVersion: String(version), items: rest.slice(0, this.#pageSize), continue: next };
  }

  #stream(query: Query, signal: AbortSignal): PassThrough {
    const since = Number(query.resourceVersion);
    this.asked.push(`watch ${since}`);
    const fault = this.#planned.shift();
    if (fault === "refuse") throw new KubeError("watching", { status: 503, reason: "", message: "refuse" });
    if (since < this.#forgotten && fault === undefined) throw expired();
    const watch = addAbortSignal(signal, new PassThrough());
    if (since < this.#forgotten || fault === "expired") spoil(watch, "expired");
    else {
      for (const { version, type, object } of this.#history)
        if (version > since) watch.write(line(type, object));
      if (fault) spoil(watch, fault);
      else {
        this.#watches.add(watch);
        watch.once("close", () => this.#watches.delete(watch));
      }
    }
    return watch;
  }
}

function spoil(watch: PassThrough, fault: Fault): void {
  if (fault === "expired") watch.end(line("ERROR", status(410, "Expired", "too old resource version")));
  else if (fault === "garbage") watch.end('{"type":"ADDED","object":{"kind":}\n');
  else if (fault === "stray") watch.end('{"type":"ADDED","object":{"metadata":{"name":"stray"}}}\n');
  else if (fault === "end") watch.end();
  else {
    watch.write('{"type":"ADDED","obj');
    watch.destroy(new Error("the connection was reset"));
  }
}

function expired(): KubeError {
  return new KubeError("asking", { status: 410, reason: "Expired", message: "too old resource version" });
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}
