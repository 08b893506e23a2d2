import { type App, findApp } from "../../apps/app/index.ts";
import { findConfig } from "../../delivery/config/index.ts";
import { findImage } from "../../delivery/image/index.ts";
import { findCurrentRelease, type Release } from "../../delivery/release/index.ts";
import {
  apiTime,
  type Clock,
  conflict,
  type Db,
  type MasterKey,
  type NewId,
  notFound,
} from "../../kernel/index.ts";
import { type DynoCommand, type DynoHost, type DynoLimits, makeDynoSpec } from "../dyno/index.ts";
import { checkCommand, checkLifetime, type OneOff, parseEnv, terminalOf } from "./one-off.ts";
import { endOneOff, insertOneOff, listOneOffs } from "./one-off-store.ts";

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

/** Starts a one-off dyno on the app's current release. An attached one waits for its client. */
export async function runOneOff(wanted: WantedOneOff, deps: OneOffDependencies): Promise<OneOff> {
  checkCommand(wanted.command);
  const lifetimeSeconds = checkLifetime(wanted.lifetimeSeconds);
  const env = parseEnv(wanted.env);
  const app = await findApp(deps.db, wanted.appId);
  const release = await findCurrentRelease(deps.db, wanted.appId);
  if (!app || !release) throw notFound("app");
  if (!release.imageDigest)
    throw conflict(`${app.name} has no code yet: push some first, then run your command.`);
  const running = await listOneOffs(deps.db, app.id);
  if (running.length >= MOST_AT_ONCE)
    throw conflict(`${app.name} already has ${MOST_AT_ONCE} one-off dynos. Wait for some to end.`);
  const type = wanted.type && /^[A-Za-z0-9_-]{1,60}$/.test(wanted.type) ? wanted.type : "run";
  const dyno = await start(
    {
      id: deps.newId(),
      name: freeName(type, running, deps.random),
      type,
      app,
      release,
      command: { kind: "shell", line: wanted.command },
      displayCommand: wanted.command,
      size: wanted.size,
      env,
      attached: wanted.attach,
    },
    (spec) => {
      const terminal = wanted.attach && !wanted.noTerminal ? terminalOf(env) : undefined;
      return deps.host.run(spec, {
        attach: wanted.attach,
        ...(terminal ? { terminal } : {}),
        ...(lifetimeSeconds ? { lifetimeSeconds } : {}),
      });
    },
    deps,
  );
  return dyno;
}

export interface OneOffStart {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly app: App;
  readonly release: Release;
  readonly command: DynoCommand;
  readonly displayCommand: string;
  readonly size: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly attached: boolean;
}

/** Records a one-off dyno and hands it to the engine; when the engine refuses, the record ends. */
export async function start(
  wanted: OneOffStart,
  run: (spec: ReturnType<typeof makeDynoSpec>) => Promise<void>,
  deps: OneOffDependencies,
): Promise<OneOff> {
  const { app, release } = wanted;
  const now = deps.clock();
  const size = deps.sizeOf(wanted.size);
  const image = release.imageId ? await findImage(deps.db, app.id, release.imageId) : undefined;
  const spec = makeDynoSpec({
    id: wanted.id,
    name: wanted.name,
    type: wanted.type,
    app: { id: app.id, name: app.name, host: deps.hostOf(app.name) },
    release: {
      id: release.id,
      version: release.version,
      createdAt: apiTime(release.createdAt),
      description: release.description,
      image: release.imageDigest ?? "",
      commit: image?.commit ?? null,
    },
    config: await findConfig(deps.db, release.configId, deps.masterKey),
    extraEnv: wanted.env,
    command: wanted.command,
    displayCommand: wanted.displayCommand,
    limits: size.limits,
    duty: "work",
  });
  const dyno: OneOff = {
    id: wanted.id,
    appId: app.id,
    name: wanted.name,
    type: wanted.type,
    command: wanted.displayCommand,
    size: size.name,
    releaseId: release.id,
    releaseVersion: release.version,
    attached: wanted.attached,
    createdAt: now,
    updatedAt: now,
  };
  await insertOneOff(deps.db, dyno);
  try {
    await run(spec);
  } catch (thrown) {
    await endOneOff(deps.db, dyno.id, deps.clock());
    throw thrown;
  }
  return dyno;
}

/** `run.4821`: four digits that no running one has. */
export function freeName(
  type: string,
  running: readonly { readonly name: string }[],
  random: () => number,
): string {
  const taken = new Set(running.map(({ name }) => name));
  for (;;) {
    const name = `${type}.${1_000 + Math.floor(random() * 9_000)}`;
    if (!taken.has(name)) return name;
  }
}
