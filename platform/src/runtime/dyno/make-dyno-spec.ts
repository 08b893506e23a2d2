import { createHash } from "node:crypto";
import type { ImageInfo, ImageProcess } from "../../delivery/image/index.ts";
import type { DynoCommand, DynoContainer, DynoLimits, DynoSpec } from "./dyno.ts";

/** What a dyno is made from: an app's release, a size, and what to run. */
export interface DynoIngredients {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly app: { readonly id: string; readonly name: string; readonly host: string };
  readonly release: {
    readonly id: string;
    readonly version: number;
    readonly createdAt: string;
    readonly description: string;
    readonly image: string;
    readonly commit: string | null;
  };
  readonly config: Readonly<Record<string, string>>;
  /** Given by the caller of a one-off dyno; stronger than config vars. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  readonly architectures?: DynoSpec["architectures"];
  readonly container?: DynoContainer;
  readonly user?: DynoSpec["user"];
  readonly command: DynoCommand;
  readonly displayCommand: string;
  readonly size?: string;
  readonly limits: DynoLimits;
  readonly sleeps?: boolean;
  readonly duty: DynoSpec["duty"];
}

/** Seconds (facts: runtime §5, §6). */
const BOOT_SECONDS = 60;
const STOP_SECONDS = 30;

export function makeDynoSpec(from: DynoIngredients): DynoSpec {
  return {
    id: from.id,
    name: from.name,
    type: from.type,
    appId: from.app.id,
    appName: from.app.name,
    releaseId: from.release.id,
    releaseVersion: from.release.version,
    image: from.release.image,
    ...(from.architectures === undefined ? {} : { architectures: from.architectures }),
    ...(from.container === undefined ? {} : { container: from.container }),
    ...(from.user === undefined ? {} : { user: from.user }),
    command: from.command,
    displayCommand: from.displayCommand,
    env: { ...metadataOf(from), ...from.config, ...from.extraEnv },
    ...(from.size === undefined ? {} : { size: from.size }),
    limits: from.limits,
    ...(from.sleeps ? { sleeps: true } : {}),
    bootSeconds: BOOT_SECONDS,
    stopSeconds: STOP_SECONDS,
    duty: from.duty,
  };
}

/** Dyno metadata (facts: runtime §10). Config vars of the same name win. */
function metadataOf({ id, app, release }: DynoIngredients): Record<string, string> {
  return {
    HEROKU_APP_DEFAULT_DOMAIN_NAME: app.host,
    HEROKU_APP_ID: app.id,
    HEROKU_APP_NAME: app.name,
    HEROKU_DYNO_ID: id,
    HEROKU_RELEASE_CREATED_AT: release.createdAt,
    HEROKU_RELEASE_VERSION: `v${release.version}`,
    HEROKU_BUILD_COMMIT: release.commit ?? "",
    HEROKU_BUILD_DESCRIPTION: release.description,
    HEROKU_SLUG_COMMIT: release.commit ?? "",
    HEROKU_SLUG_DESCRIPTION: release.description,
  };
}

/** The image that a process runs in, one of its own or that of its release, and how. */
export function imageOf(
  process: Pick<ImageProcess, "container"> | undefined,
  release: {
    readonly image: string;
    readonly info?: Pick<ImageInfo, "user" | "platforms"> | null | undefined;
  },
): Pick<DynoSpec, "image" | "container" | "user" | "architectures"> {
  const own = process?.container;
  const { user, platforms } = release.info ?? {};
  const architectures = platforms?.map(({ architecture }) => architecture);
  if (!own)
    return { image: release.image, ...(user ? { user } : {}), ...(architectures ? { architectures } : {}) };
  return { image: own.image, container: own.user ? { user: own.user } : {} };
}

/** What runs for a process type: its image's own program, or what the image's launcher knows by the type's name. */
export function commandOf(process: ImageProcess | undefined, type: string): DynoCommand {
  if (!process?.container) return { kind: "process", type };
  return { kind: "program", argv: [...process.command, ...process.args] };
}

/**
 * Two dynos of one key hold the same: image, environment, command and size. Release metadata is left out, so that a
 * warm dyno can serve again after a rollback. (design §3 "Rollback")
 */
export function dynoKey(
  from: Pick<DynoIngredients, "app" | "config" | "command" | "limits"> & { image: string },
): string {
  const config = Object.entries(from.config).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [from.image, from.app.name, from.app.host, config, from.command, from.limits];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
