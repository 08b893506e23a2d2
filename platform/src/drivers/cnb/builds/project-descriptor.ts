import { parse } from "smol-toml";
import { ARCHITECTURES, type ImagePlatform } from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { type OwnBuildpack, readBuildpackUri } from "./own-buildpack.ts";

/** A buildpack the source asks for: one of the platform's, or one of its own. */
export type WantedBuildpack = NamedBuildpack | OwnBuildpack;

export interface NamedBuildpack {
  readonly id: string;
  /** Empty: the one there is. */
  readonly version: string;
}

export type Architecture = ImagePlatform["architecture"];

/** What a source's `project.toml` says of its build (Project Descriptor 0.2; facts: build §2). */
export interface ProjectDescriptor {
  /** The builder image that the source wants to be built in, as it is written there. */
  readonly builder?: string;
  /** The processors that the source wants images for, each once; undefined when it leaves that to the operator. */
  readonly architectures?: readonly Architecture[];
  /** In order; undefined when the source leaves the choice to detection. */
  readonly group?: readonly WantedBuildpack[];
  readonly before: readonly WantedBuildpack[];
  readonly after: readonly WantedBuildpack[];
  readonly env: Readonly<Record<string, string>>;
  /** Patterns of gitignore(5). At most one of the two is given. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** The file in the source's top folder. */
export const DESCRIPTOR_FILE = "project.toml";
/** Bytes of it at the most; a larger one counts as none. */
export const DESCRIPTOR_LIMIT = 1024 * 1024;

type Table = Record<string, unknown>;

/**
 * Reads a `project.toml`, in the layout of version 0.2 (`[io.buildpacks]`) and in the older one (`[build]`).
 * Throws invalid_params with what the person who wrote it should change.
 */
export function readProjectDescriptor(text: string): ProjectDescriptor {
  const file = parseToml(text);
  const newer = table(table(file.io).buildpacks);
  const older = table(file.build);
  const settings = Object.keys(newer).length > 0 ? newer : older;
  const env = [...tables(table(newer.build).env), ...tables(older.env)];
  const group = tables(newer.group).length > 0 ? tables(newer.group) : listOf(older.buildpacks);
  const include = texts(settings.include);
  const exclude = texts(settings.exclude);
  const builder = newer.builder ?? older.builder;
  if (builder !== undefined && (typeof builder !== "string" || builder.trim() === ""))
    throw invalidParams('project.toml has a builder that is no text. Write builder = "heroku/builder:24".');
  if (include && exclude) throw invalidParams("project.toml has both include and exclude. Keep one of them.");
  return {
    ...(builder === undefined ? {} : { builder: builder.trim() }),
    ...readArchitectures(table(table(file.dev).conifer).architectures),
    ...(group.length > 0 ? { group: group.map(readWanted) } : {}),
    before: tables(table(newer.pre).group).map(readWanted),
    after: tables(table(newer.post).group).map(readWanted),
    env: Object.fromEntries(env.map((entry) => readVariable(entry))),
    ...(include ? { include } : {}),
    ...(exclude ? { exclude } : {}),
  };
}

/** `[dev.conifer] architectures`: a table of ours, which other platforms pass over. */
function readArchitectures(value: unknown): Pick<ProjectDescriptor, "architectures"> {
  if (value === undefined) return {};
  const named = ARCHITECTURES.filter((one) => Array.isArray(value) && value.includes(one));
  if (Array.isArray(value) && value.length > 0 && named.length === new Set(value).size)
    return { architectures: named };
  throw invalidParams(
    'project.toml has architectures under [dev.conifer] that are not a list of amd64 and arm64. Write architectures = ["amd64", "arm64"].',
  );
}

/** The buildpacks that the source names by address, or brings, in the order of the build. */
export function ownBuildpacks({ group = [], before, after }: ProjectDescriptor): OwnBuildpack[] {
  return [...before, ...group, ...after].filter((wanted) => "kind" in wanted);
}

function parseToml(text: string): Table {
  try {
    return parse(text) as Table;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw invalidParams(`project.toml is not valid TOML: ${reason}`);
  }
}

/** The older layout may list plain ids. */
function listOf(value: unknown): Table[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => (typeof item === "string" ? { id: item } : table(item)));
}

function readWanted(entry: Table): WantedBuildpack {
  const id = typeof entry.id === "string" ? entry.id : "";
  if (entry.script !== undefined) return readScript(id, table(entry.script));
  const uri = typeof entry.uri === "string" ? entry.uri : "";
  const urn = /^urn:(?:cnb:registry:|cnb:builder:|buildpack:)(.+?)(?:@(.+))?$/.exec(uri);
  if (uri && !urn) return readBuildpackUri(uri);
  const [named = "", at] = (id || (urn?.[1] ?? "")).split("@");
  if (!named) throw invalidParams("project.toml has a buildpack without an id.");
  const version = typeof entry.version === "string" ? entry.version : (urn?.[2] ?? at ?? "");
  return { id: named, version };
}

/** An inline buildpack (Project Descriptor 0.2, `script`): `shell` runs it, `/bin/sh` unless another is named. */
function readScript(id: string, script: Table): OwnBuildpack {
  const { api, inline, shell = "/bin/sh" } = script;
  if (!id) throw invalidParams("project.toml has a buildpack without an id.");
  if (typeof api !== "string" || typeof inline !== "string" || typeof shell !== "string")
    throw invalidParams(
      `The inline buildpack ${id} of project.toml needs a script with the texts api and inline.`,
    );
  if (!/^\/[^\n\r]*$/.test(shell))
    throw invalidParams(
      `The inline buildpack ${id} of project.toml has a shell that is no absolute path: ${shell}`,
    );
  const text = inline.startsWith("#!") ? inline : `#!${shell}\n${inline}`;
  return { kind: "script", id, api, script: text };
}

function readVariable(entry: Table): [string, string] {
  const { name, value } = entry;
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw invalidParams(`project.toml sets a build variable without a proper name: "${String(name)}".`);
  if (typeof value !== "string")
    throw invalidParams(`project.toml sets ${name} to something that is no text.`);
  return [name, value];
}

function table(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function tables(value: unknown): Table[] {
  return Array.isArray(value) ? value.map(table) : [];
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}
