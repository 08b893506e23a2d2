import { isDeepStrictEqual } from "node:util";
import { errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import {
  isConflict,
  isNotFound,
  KIND,
  type KubeClient,
  type KubeKind,
  type KubeObject,
  watchObjects,
} from "../client/index.ts";
import { ANNOTATION, isOurs, OURS } from "./dyno-labels.ts";
import { holdsAll } from "./object-subset.ts";
import { tryAgain } from "./object-writer.ts";
import { makeNamespace, makeSpaceObjects, SPACE_VERSION, type SpaceWishes } from "./space-namespace.ts";

export interface KeepSpaceOptions {
  readonly client: KubeClient;
  readonly wishes: SpaceWishes;
  readonly logger: Logger;
  readonly timing?: Partial<KeepSpaceTiming>;
}

interface KeepSpaceTiming {
  /** The namespace, which no watch tells of, is looked at so often. */
  readonly everyMs: number;
  /** An object is put right at most once in so long, lest two that disagree press the server. */
  readonly againMs: number;
}

const TIMING: KeepSpaceTiming = { everyMs: 60_000, againMs: 1_000 };
const KINDS = [KIND.networkPolicy, KIND.serviceAccount, KIND.resourceQuota, KIND.limitRange] as const;
/** Policies of earlier versions, which what is made now takes the place of. */
const FORMER = ["conifer-nothing-in", "conifer-router-in"];
const TRIES = 5;

/**
 * Makes a space's namespace and what fences it in, and keeps it so until it is stopped: what is edited or removed is put
 * right, and the log says so. In this namespace the names of these objects are Conifer's; objects of other names are never
 * touched. It is all there when this returns. Throws KubeError when the server refuses.
 */
export async function keepSpace(options: KeepSpaceOptions, signal: AbortSignal): Promise<Running> {
  const { client, wishes } = options;
  const keeper = new SpaceKeeper(options);
  // The namespace may have been made by hand with labels of its own; ours are added.
  await tryAgain(() => client.apply(makeNamespace(wishes.namespace)), signal);
  await keeper.makeAll(signal);
  return keeper.start();
}

const keyOf = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.name}`;

class SpaceKeeper {
  readonly #options: KeepSpaceOptions;
  readonly #timing: KeepSpaceTiming;
  /** As they should be, by kind and name. */
  readonly #wanted: ReadonlyMap<string, KubeObject>;
  /** The same as the server wrote them down, with its defaults and its way to write numbers. */
  readonly #written = new Map<string, KubeObject>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: KeepSpaceOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#wanted = new Map(makeSpaceObjects(options.wishes).map((object) => [keyOf(object), object]));
  }

  async makeAll(signal: AbortSignal): Promise<void> {
    const { client, wishes } = this.#options;
    for (const wanted of this.#wanted.values()) await tryAgain(() => this.#put(wanted), signal);
    const at = { kind: KIND.networkPolicy, namespace: wishes.namespace };
    for (const name of FORMER) {
      const there = await client.get(at, name).catch(orMissing);
      if (there && isOurs(there)) await client.remove(at, name);
    }
  }

  start(): Running {
    const { client, wishes, logger } = this.#options;
    const watches = KINDS.map((kind) =>
      watchObjects<KubeObject>({
        ...{ client, logger, place: { kind, namespace: wishes.namespace }, labelSelector: OURS },
        listener: {
          replaced: (objects) => {
            const found = new Map(objects.map((object) => [keyOf(object), object]));
            for (const [key, wanted] of this.#wanted) {
              if (wanted.kind === kind.kind) this.#look(key, found.get(key));
            }
          },
          changed: (object) => this.#look(keyOf(object), object),
          removed: (object) => this.#look(keyOf(object), undefined),
        },
      }),
    );
    const namespace = this.#keepNamespace();
    return {
      stop: async () => {
        this.#stopping.abort();
        await Promise.all(watches.map((watch) => watch.stop()));
        await Promise.all([namespace, ...this.#working.values()]);
      },
    };
  }

  #look(key: string, found: KubeObject | undefined): void {
    const wanted = this.#wanted.get(key);
    if (!wanted || this.#working.has(key) || (found && this.#isRight(key, found))) return;
    const what = found ? "changed" : "removed";
    this.#working.set(
      key,
      this.#putRight(wanted, what).finally(() => this.#working.delete(key)),
    );
  }

  async #putRight(wanted: KubeObject, what: string): Promise<void> {
    const { logger, wishes } = this.#options;
    const { kind, metadata } = wanted;
    const fields = { namespace: wishes.namespace, kind, name: metadata.name, what };
    let isRefused = false;
    try {
      // The watch may be behind: it may be right again by now.
      if (await this.#put(wanted)) logger.warn("an object that fences a space in was put right", fields);
    } catch (thrown) {
      isRefused = true;
      logger.error("an object that fences a space in could not be put right", {
        ...fields,
        error: errorText(thrown),
      });
    }
    await pause(this.#timing.againMs * (isRefused ? 10 : 1), this.#stopping.signal);
    // What happened meanwhile was not looked at.
    if (this.#stopping.signal.aborted) return;
    const now = await this.#options.client.get(this.#placeOf(wanted), metadata.name).catch(() => undefined);
    if (!now || !this.#isRight(keyOf(wanted), now)) await this.#putRight(wanted, now ? "changed" : "removed");
  }

  /** Makes the object what it should be. @returns whether there was anything to do */
  async #put(wanted: KubeObject): Promise<boolean> {
    const { client } = this.#options;
    for (let tried = 1; ; tried++) {
      try {
        const there = await client.get(this.#placeOf(wanted), wanted.metadata.name).catch(orMissing);
        if (there && this.#isRight(keyOf(wanted), there)) return false;
        const written = there ? await client.replace(merged(there, wanted)) : await client.create(wanted);
        this.#written.set(keyOf(wanted), written);
        return there === undefined || written.metadata.resourceVersion !== there.metadata.resourceVersion;
      } catch (thrown) {
        if (!isConflict(thrown) || tried === TRIES) throw thrown; // somebody else wrote it at the same moment
      }
    }
  }

  #placeOf({ kind, metadata }: KubeObject): { kind: KubeKind; namespace: string } {
    const found = KINDS.find((one) => one.kind === kind);
    if (!found) throw new Error(`${kind} ${metadata.name} is not kept`);
    return { kind: found, namespace: this.#options.wishes.namespace };
  }

  /** Right in all that we say of it, and in a spec nothing else: an added rule would open the fence. */
  #isRight(key: string, found: KubeObject): boolean {
    const written = this.#written.get(key);
    if (!written) return false;
    if (Number(found.metadata.annotations?.[ANNOTATION.version]) > SPACE_VERSION) return true;
    const { spec, ...rest } = found as KubeObject & { spec?: unknown };
    const { spec: asWritten } = written as KubeObject & { spec?: unknown };
    const { metadata, ...own } = { ...this.#wanted.get(key), spec: undefined };
    const { labels, annotations } = metadata ?? {};
    return (
      isDeepStrictEqual(spec, asWritten) && holdsAll(rest, { ...own, metadata: { labels, annotations } })
    );
  }

  async #keepNamespace(): Promise<void> {
    const { client, wishes, logger } = this.#options;
    const wanted = makeNamespace(wishes.namespace);
    for (;;) {
      await pause(this.#timing.everyMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        const found = await client.get({ kind: KIND.namespace }, wishes.namespace);
        if (holdsAll(found.metadata.labels, wanted.metadata.labels)) continue;
        await client.apply(wanted);
        logger.warn("a space's namespace was put right", { namespace: wishes.namespace });
      } catch (thrown) {
        logger.error("a space's namespace could not be looked at", {
          namespace: wishes.namespace,
          error: errorText(thrown),
        });
      }
    }
  }
}

/** What others wrote into its labels and annotations stays. */
function merged(there: KubeObject, wanted: KubeObject): KubeObject {
  const { labels, annotations } = wanted.metadata;
  return {
    ...wanted,
    metadata: {
      ...there.metadata,
      labels: { ...there.metadata.labels, ...labels },
      annotations: { ...there.metadata.annotations, ...annotations },
    },
  };
}

function orMissing(thrown: unknown): undefined {
  if (isNotFound(thrown)) return undefined;
  throw thrown;
}
