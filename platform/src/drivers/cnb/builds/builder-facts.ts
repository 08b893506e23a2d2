import { parse } from "smol-toml";
import type { OciConfig } from "../../../delivery/image/index.ts";
import type { AvailableBuildpack } from "./buildpack-order.ts";

/** An image that apps may stand on, and where else it may be had. */
export interface NamedRunImage {
  readonly image: string;
  readonly mirrors: readonly string[];
}

/** What a platform must know of a builder image to build with it (Platform API 0.15; CNB Distribution 0.3). */
export interface BuilderFacts {
  readonly user: { readonly uid: number; readonly gid: number };
  readonly lifecycleVersion: string;
  /** The Platform API to speak: the newest that both know. */
  readonly platformApi: string;
  readonly buildpacks: readonly AvailableBuildpack[];
  /** Text of /cnb/order.toml. */
  readonly order: string;
  /** The first is the one to use unless the source or operator names another. */
  readonly runImages: readonly [NamedRunImage, ...NamedRunImage[]];
  /** The image's own environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Texts of files of the image; undefined for one that is not there. */
export interface BuilderFiles {
  readonly order: string | undefined;
  readonly run: string | undefined;
  readonly stack: string | undefined;
  readonly lifecycle: string | undefined;
  /** Whether the image has phase programs, as far as that was looked at. */
  readonly hasLifecycle: boolean;
}

/** A builder image cannot be used; the message says why and who can mend it. */
export class BuilderImageError extends Error {}

/** The Platform APIs that this platform speaks, the oldest first. */
export const SPOKEN_APIS = ["0.12", "0.13", "0.14", "0.15"];
const METADATA = "io.buildpacks.builder.metadata";

type Table = Record<string, unknown>;

/**
 * Reads what an image says of itself in labels and files. Throws BuilderImageError for an image that is no builder, or one
 * that this platform cannot talk to. `name` is the image as people call it.
 */
export function readBuilderFacts(
  name: string,
  config: Pick<OciConfig, "config">,
  files: BuilderFiles,
): BuilderFacts {
  const env = environmentOf(config);
  const label = config.config.Labels?.[METADATA];
  const metadata = label === undefined ? {} : readJson(name, label);
  if (!files.hasLifecycle)
    throw new BuilderImageError(
      `The image ${name} has no lifecycle: there are no phase programs in its /cnb/lifecycle. ` +
        "Name a builder image, not a build or run image.",
    );
  if (files.order === undefined)
    throw new BuilderImageError(`The builder ${name} has no /cnb/order.toml. Name a complete builder image.`);
  const lifecycle = lifecycleOf(metadata, config, readToml(name, "lifecycle.toml", files.lifecycle));
  return {
    user: readBuilderUser(name, config),
    lifecycleVersion: lifecycle.version,
    platformApi: choosePlatformApi(name, lifecycle.platformApis),
    buildpacks: tables(metadata.buildpacks).flatMap(({ id, version }) =>
      typeof id === "string" && typeof version === "string" ? [{ id, version }] : [],
    ),
    order: files.order,
    runImages: runImagesOf(name, metadata, files),
    env,
  };
}

/** The user and group that an image wants builds to run as. Throws BuilderImageError where it does not say. */
export function readBuilderUser(name: string, config: Pick<OciConfig, "config">): BuilderFacts["user"] {
  const env = environmentOf(config);
  return { uid: idOf(name, env, "CNB_USER_ID"), gid: idOf(name, env, "CNB_GROUP_ID") };
}

/** What a build's output says of the builder. `runImage` is the one that is used. */
export function builderTold(
  { lifecycleVersion, platformApi, order }: BuilderFacts,
  runImage: string,
): string {
  const told = `       lifecycle ${lifecycleVersion}, Platform API ${platformApi}, run image ${runImage}`;
  return hasExtensions(order) ? `${told}\n${NO_EXTENSIONS}` : told;
}

/** A creator ends such a build, in words that leave open what to do about it. */
const NO_EXTENSIONS =
  "       Its image extensions (Dockerfiles) are not run here. A source that one of them takes cannot be built with it: " +
  "name a builder without extensions, or your buildpacks in project.toml.";

function hasExtensions(order: string): boolean {
  try {
    return tables(parse(order)["order-extensions"]).length > 0;
  } catch {
    // The lifecycle will say what is wrong with it.
    return false;
  }
}

/** The newest Platform API that both sides speak. Throws BuilderImageError when there is none. */
export function choosePlatformApi(name: string, theirs: readonly string[]): string {
  const common = SPOKEN_APIS.filter((version) => theirs.includes(version)).at(-1);
  if (common) return common;
  const range = `${SPOKEN_APIS[0]} to ${SPOKEN_APIS.at(-1)}`;
  throw new BuilderImageError(
    `The builder ${name} speaks Platform API ${theirs.join(", ") || "(it does not say which)"}, and Conifer ${range}. ` +
      "Name a newer version of the builder.",
  );
}

function lifecycleOf(metadata: Table, { config }: Pick<OciConfig, "config">, file: Table) {
  const { lifecycle } = metadata;
  const own = table(lifecycle);
  const labelled = readJson("", config.Labels?.["io.buildpacks.lifecycle.apis"] ?? "{}");
  const apis = [table(own.apis), labelled, table(file.apis)]
    .map((from) => table(from.platform))
    .map((platform) => [...texts(platform.supported), ...texts(platform.deprecated)])
    .find((versions) => versions.length > 0);
  const older = table(own.api).platform;
  const version =
    own.version ?? table(file.lifecycle).version ?? config.Labels?.["io.buildpacks.lifecycle.version"];
  return {
    version: typeof version === "string" ? version : "of unknown version",
    platformApis: apis ?? (typeof older === "string" ? [older] : []),
  };
}

/** `run.toml` since Platform API 0.12; `stack.toml` and the label before. */
function runImagesOf(
  name: string,
  metadata: Table,
  { run, stack }: BuilderFiles,
): readonly [NamedRunImage, ...NamedRunImage[]] {
  const candidates = [
    tables(readToml(name, "run.toml", run).images),
    tables(metadata.images),
    [table(readToml(name, "stack.toml", stack)["run-image"])],
    [table(table(metadata.stack).runImage)],
  ];
  for (const found of candidates) {
    const [first, ...others] = found.flatMap(({ image, mirrors }) =>
      typeof image === "string" && image !== "" ? [{ image, mirrors: texts(mirrors) }] : [],
    );
    if (first) return [first, ...others];
  }
  throw new BuilderImageError(
    `The builder ${name} names no run image, neither in /cnb/run.toml nor in its labels. Ask who made it.`,
  );
}

function idOf(name: string, env: Readonly<Record<string, string>>, variable: string): number {
  const text = env[variable] ?? "";
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new BuilderImageError(
    `The builder ${name} does not say as which user builds run: ${variable} is "${text}". ` +
      "It must be a number other than 0 in the image's environment.",
  );
}

function environmentOf({ config }: Pick<OciConfig, "config">): Record<string, string> {
  return Object.fromEntries(
    (config.Env ?? []).map((pair) => {
      const [name = ""] = pair.split("=", 1);
      return [name, pair.slice(name.length + 1)];
    }),
  );
}

function readJson(name: string, text: string): Table {
  try {
    return table(JSON.parse(text));
  } catch {
    throw new BuilderImageError(`The label ${METADATA} of the builder ${name} is not JSON. Ask who made it.`);
  }
}

function readToml(name: string, file: string, text: string | undefined): Table {
  try {
    return text === undefined ? {} : (parse(text) as Table);
  } catch {
    throw new BuilderImageError(`The file /cnb/${file} of the builder ${name} is not TOML. Ask who made it.`);
  }
}

function table(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function tables(value: unknown): Table[] {
  return Array.isArray(value) ? value.map(table) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
