import { type App, findApp, findAppForUpdate } from "../../apps/app/index.ts";
import { findConfig } from "../../delivery/config/index.ts";
import { findImage, imageForCommand } from "../../delivery/image/index.ts";
import { findCurrentRelease, type Release } from "../../delivery/release/index.ts";
import {
  apiTime,
  BusinessError,
  type Clock,
  conflict,
  type Db,
  type MasterKey,
  type NewId,
  notFound,
} from "../../kernel/index.ts";
import {
  type DynoCommand,
  type DynoHost,
  type DynoLimits,
  type DynoSpec,
  imageOf,
  makeDynoSpec,
} from "../dyno/index.ts";
import {
  checkCommand,
  checkLifetime,
  freeName,
  type OneOff,
  parseEnv,
  terminalOf,
  typeOf,
} from "./one-off.ts";
import { endOneOff, findOneOff, insertOneOff, listOneOffs } from "./one-off-store.ts";

export interface OneOffDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly random: () => number;
  readonly masterKey: MasterKey;
  readonly host: DynoHost;
  readonly hostOf: (name: string) => string;
  /** The name of a size as it is kept, and what it allows. Throws invalid_params for one there is not. */
  readonly sizeOf: (identity: string | undefined) => { readonly name: string; readonly limits: DynoLimits };
}

export interface WantedOneOff {
  readonly appId: string;
  readonly command: string;
  readonly attach: boolean;
  readonly noTerminal: boolean;
  readonly env?: Readonly<Record<string, unknown>> | null;
  readonly size?: string;
  readonly type?: string;
  readonly lifetimeSeconds?: number | null;
}

/** Most one-off dynos of an app at once (facts: runtime §12). */
const MOST_AT_ONCE = 255;

/**
 * Starts a one-off dyno on the app's current release. An attached one waits for its client. Throws conflict before the
 * first code, which the client tries again, and when there are too many; unavailable while nothing can be started.
 */
export async function runOneOff(wanted: WantedOneOff, deps: OneOffDependencies): Promise<OneOff> {
  checkCommand(wanted.command);
  const lifetimeSeconds = checkLifetime(wanted.lifetimeSeconds);
  const env = parseEnv(wanted.env);
  const app = await findApp(deps.db, wanted.appId);
  const release = await findCurrentRelease(deps.db, wanted.appId);
  if (!app || !release) throw notFound("app");
  if (!release.imageDigest)
    throw conflict(`${app.name} has no code yet: push some first, then run your command.`);
  const { attach, noTerminal } = wanted;
  const terminal = attach && !noTerminal ? terminalOf(env) : undefined;
  return await startOneOff(
    {
      id: deps.newId(),
      type: typeOf(wanted.type),
      app,
      release,
      command: { kind: "shell", line: wanted.command },
      displayCommand: wanted.command,
      size: wanted.size,
      env,
      attached: attach,
      mostAtOnce: MOST_AT_ONCE,
    },
    (spec) =>
      deps.host.run(spec, {
        attach,
        ...(terminal ? { terminal } : {}),
        ...(lifetimeSeconds ? { lifetimeSeconds } : {}),
      }),
    deps,
  );
}

export interface OneOffStart {
  readonly id: string;
  readonly type: string;
  readonly app: App;
  readonly release: Release;
  readonly command: DynoCommand;
  readonly displayCommand: string;
  readonly size: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly attached: boolean;
  readonly mostAtOnce?: number;
  /** Throws in the transaction that records it when it is not to be started any more. */
  readonly hold?: (trx: Db) => Promise<void>;
}

/**
 * Records a one-off dyno and hands it to the engine. When that fails the record ends; should the engine have started it
 * all the same, the reconciler stops it.
 */
export async function startOneOff(
  wanted: OneOffStart,
  run: (spec: DynoSpec) => Promise<void>,
  deps: OneOffDependencies,
): Promise<OneOff> {
  const size = deps.sizeOf(wanted.size);
  const dyno = await recordOneOff(wanted, size.name, deps);
  try {
    await run(await specOf(wanted, { name: dyno.name, size }, deps));
    return dyno;
  } catch (cause) {
    await endOneOff(deps.db, dyno.id, deps.clock());
    if (cause instanceof BusinessError) throw cause;
    throw new BusinessError("unavailable", "Dynos cannot be started right now. Try again in a moment.", {
      cause,
    });
  }
}

/** Under the app's lock: names stay unique and the limit holds, however many are started at once. */
async function recordOneOff(
  { id, type, app, release, displayCommand, attached, mostAtOnce, hold }: OneOffStart,
  size: string,
  { db, clock, random }: OneOffDependencies,
): Promise<OneOff> {
  return await db.transaction().execute(async (trx) => {
    await hold?.(trx);
    if (!(await findAppForUpdate(trx, app.id))) throw notFound("app");
    const running = await listOneOffs(trx, app.id);
    if (mostAtOnce !== undefined && running.length >= mostAtOnce)
      throw conflict(`${app.name} already has ${mostAtOnce} one-off dynos. Wait for some to end.`);
    const before = await findOneOff(trx, id);
    const now = clock();
    const dyno: OneOff = {
      id,
      appId: app.id,
      name: before?.name ?? freeName(type, running, random),
      type,
      command: displayCommand,
      size,
      releaseId: release.id,
      releaseVersion: release.version,
      attached,
      createdAt: now,
      updatedAt: now,
    };
    await insertOneOff(trx, dyno);
    return dyno;
  });
}

async function specOf(
  { id, type, app, release, env, command, displayCommand }: OneOffStart,
  { name, size }: { readonly name: string; readonly size: ReturnType<OneOffDependencies["sizeOf"]> },
  { db, masterKey, hostOf }: OneOffDependencies,
): Promise<DynoSpec> {
  const recorded = release.imageId ? await findImage(db, app.id, release.imageId) : undefined;
  const process = release.imageInfo ? imageForCommand(release.imageInfo, type) : undefined;
  const ofRelease = { image: release.imageDigest ?? "", info: release.imageInfo };
  const { image, container, user, architectures } = imageOf(process, ofRelease);
  return makeDynoSpec({
    id,
    name,
    type,
    app: { id: app.id, name: app.name, host: hostOf(app.name) },
    release: {
      id: release.id,
      version: release.version,
      createdAt: apiTime(release.createdAt),
      description: release.description,
      image,
      commit: recorded?.commit ?? null,
    },
    ...(container ? { container } : {}),
    ...(user ? { user } : {}),
    ...(architectures ? { architectures } : {}),
    config: await findConfig(db, release.configId, masterKey),
    extraEnv: env,
    command,
    displayCommand,
    size: size.name,
    limits: size.limits,
    duty: "work",
  });
}
