import { parseDocument } from "yaml";
import { invalidParams } from "../../kernel/index.ts";

/** One image that a source builds by a Dockerfile. */
export interface DockerImage {
  /** What `run` and `release` call it: the process type it was written under. */
  readonly name: string;
  /** Path of the Dockerfile in the source; the folder it is in is what it may copy from. */
  readonly dockerfile: string;
  /** The stage to stop at. */
  readonly target?: string;
}

/** A process type, the image it runs in, and the line that takes the place of the image's CMD. */
export interface DockerProcess {
  readonly type: string;
  readonly image: string;
  readonly command?: string;
}

/** What a source says of how its containers are built and run. */
export interface ContainerPlan {
  readonly images: readonly DockerImage[];
  /** For every image; Dockerfiles take those that they declare by ARG. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly processes: readonly DockerProcess[];
  /** Whether there is a `setup` section, which is read when an app is created from a source, and not at a push. */
  readonly hasSetup: boolean;
}

const FILE = "heroku.yml";
/** No plan of anybody's is as large. */
export const HEROKU_YML_BYTES = 256 * 1024;
const MOST = { types: 30, args: 200, commandBytes: 64 * 1024 } as const;
const TYPE = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const TARGET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Reads heroku.yml. Throws invalid_params that names the place, what is wrong there and what to write instead.
 * (facts: build §5; Heroku's article on building images with heroku.yml)
 */
export function readHerokuYml(text: string): ContainerPlan {
  const all = section(parse(text), FILE, ["setup", "build", "release", "run"]);
  const build = section(all.build, "build", ["docker", "config", "languages", "packages"]);
  for (const key of ["languages", "packages"])
    if (build[key] !== undefined)
      throw wrong(`build.${key}`, "is for buildpacks. Build with a Dockerfile, or set the stack cnb");
  const images = readImages(build.docker);
  const processes = readRun(all.run, images);
  const release = readRelease(all.release, images);
  if (release && processes.some(({ type }) => type === release.type))
    throw wrong("run.release", "has a section of its own: write it under release");
  return {
    images,
    buildArgs: readArgs(build.config),
    processes: [...processes, ...(release ? [release] : [])],
    hasSetup: all.setup !== undefined && all.setup !== null,
  };
}

/**
 * The plan of a source without heroku.yml, by the names of files in its root: `Dockerfile` is web, `Dockerfile.<type>` any
 * other process type. Throws invalid_params when there is none.
 */
export function planByNames(names: readonly string[]): ContainerPlan {
  const images = names.flatMap((dockerfile): DockerImage[] => {
    const [, type = "web"] = /^Dockerfile(?:\.([a-z0-9][a-z0-9_-]{0,62}))?$/.exec(dockerfile) ?? [
      undefined,
      "",
    ];
    return type === "" ? [] : [{ name: type, dockerfile }];
  });
  const unique = [...new Map(images.map((image) => [image.name, image])).values()].slice(0, MOST.types);
  if (unique.length === 0)
    throw invalidParams(
      `The app's stack is container, and its source has neither ${FILE} nor a Dockerfile. Add a Dockerfile, or let buildpacks build it: heroku stack:set cnb`,
    );
  const processes = unique.map(({ name }) => ({ type: name, image: name }));
  return { images: unique, buildArgs: {}, processes, hasSetup: false };
}

function parse(text: string): unknown {
  if (Buffer.byteLength(text) > HEROKU_YML_BYTES)
    throw invalidParams(`${FILE} is larger than ${HEROKU_YML_BYTES / 1024} KiB.`);
  const document = parseDocument(text, { uniqueKeys: true, maxErrors: 1 } as object);
  const [error] = document.errors;
  if (error) throw invalidParams(`${FILE} is not valid YAML: ${error.message.split("\n")[0]}`);
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw invalidParams(`${FILE} repeats parts of itself too often. Write them out.`);
  }
}

function readImages(value: unknown): readonly DockerImage[] {
  const entries = Object.entries(table(value, "build.docker"));
  if (entries.length === 0)
    throw invalidParams(
      `${FILE} builds nothing. Name a Dockerfile for each process type, such as:\nbuild:\n  docker:\n    web: Dockerfile`,
    );
  if (entries.length > MOST.types) throw wrong("build.docker", `names more than ${MOST.types} images`);
  return entries.map(([name, given]) => {
    const place = `build.docker.${checkType(name, "build.docker")}`;
    if (typeof given === "string") return { name, dockerfile: checkPath(given, place) };
    const { dockerfile, target } = section(given, place, ["dockerfile", "target"]);
    if (typeof dockerfile !== "string") throw wrong(place, "names no dockerfile: write web: Dockerfile");
    if (target !== undefined && (typeof target !== "string" || !TARGET.test(target)))
      throw wrong(`${place}.target`, "is not the name of a stage, as in FROM … AS <stage>");
    const stage = target === undefined ? {} : { target };
    return { name, dockerfile: checkPath(dockerfile, place), ...stage };
  });
}

function readArgs(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(table(value, "build.config"));
  if (entries.length > MOST.args) throw wrong("build.config", `has more than ${MOST.args} values`);
  const pairs = entries.map(([name, given]) => {
    if (!VARIABLE.test(name))
      throw wrong("build.config", `has a name that is none of a variable: ${shorten(name)}`);
    return [name, scalar(given, `build.config.${name}`)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Without a run section each image runs its own CMD as the process type it was built for. */
function readRun(value: unknown, images: readonly DockerImage[]): readonly DockerProcess[] {
  const entries = Object.entries(table(value, "run"));
  if (entries.length === 0)
    return images.filter(({ name }) => name !== "release").map(({ name }) => ({ type: name, image: name }));
  if (entries.length > MOST.types) throw wrong("run", `names more than ${MOST.types} process types`);
  return entries.map(([type, given]) => {
    const place = `run.${checkType(type, "run")}`;
    if (typeof given === "string" || Array.isArray(given))
      return { type, image: imageOf(undefined, type, { images, place }), command: commandOf(given, place) };
    const { command, image } = section(given, place, ["command", "image"]);
    const named = imageOf(image, type, { images, place });
    return { type, image: named, ...(command === undefined ? {} : { command: commandOf(command, place) }) };
  });
}

function readRelease(value: unknown, images: readonly DockerImage[]): DockerProcess | undefined {
  const own = images.find(({ name }) => name === "release");
  if (value === undefined || value === null) return own ? { type: "release", image: own.name } : undefined;
  if (typeof value === "string" || Array.isArray(value))
    throw wrong("release", "needs its line under command");
  const { command, image } = section(value, "release", ["command", "image"]);
  if (command === undefined) throw wrong("release", "has no command to run");
  const named = imageOf(image, "release", { images, place: "release" });
  return { type: "release", image: named, command: commandOf(command, "release") };
}

/** The image that is named, else that of the same name, else that of `web`. */
function imageOf(
  given: unknown,
  type: string,
  { images, place }: { readonly images: readonly DockerImage[]; readonly place: string },
): string {
  const names = images.map(({ name }) => name);
  const wanted = given === undefined ? [type, "web"].find((name) => names.includes(name)) : given;
  if (typeof wanted === "string" && names.includes(wanted)) return wanted;
  const known = `build.docker builds ${names.join(", ")}`;
  if (given === undefined) throw wrong(place, `names no image, and ${known}: add image: ${names[0]}`);
  throw wrong(`${place}.image`, `is ${shorten(String(given))}, which is not built: ${known}`);
}

/** One line for a shell; several are run one after the other as long as they succeed. */
function commandOf(value: unknown, place: string): string {
  const lines = Array.isArray(value) ? value : [value];
  if (lines.length === 0 || !lines.every((line) => typeof line === "string" && line.trim() !== ""))
    throw wrong(place, "has a command that is not text: write command: bundle exec puma");
  const line = lines.join(" && ");
  if (Buffer.byteLength(line) > MOST.commandBytes || line.includes("\0"))
    throw wrong(place, `has a command of more than ${MOST.commandBytes / 1024} KiB`);
  return line;
}

function checkType(name: string, place: string): string {
  if (TYPE.test(name)) return name;
  throw wrong(place, `has a process type ${shorten(name)}. Use small letters, digits, - and _`);
}

function checkPath(path: string, place: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const isOdd = path.length > 1_000 || path.includes("\0") || path.startsWith("/") || parts.includes("..");
  if (isOdd || parts.length === 0)
    throw wrong(place, `is ${shorten(path)}, which is not a file's path from the root of the source`);
  return parts.join("/");
}

function scalar(value: unknown, place: string): string {
  if (!["string", "number", "boolean"].includes(typeof value) || String(value).includes("\0"))
    throw wrong(place, "is not one value. Write text, in quotes where it has a colon");
  return String(value);
}

function table(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(place, "is not a list of names with values. Indent what belongs to it by two spaces");
}

function section(value: unknown, place: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  const all = table(value, place);
  const other = Object.keys(all).find((key) => !known.includes(key));
  if (other === undefined) return all;
  throw wrong(place, `has an unknown part ${shorten(other)}. It knows ${known.join(", ")}`);
}

function shorten(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function wrong(place: string, what: string) {
  return invalidParams(`${place === FILE ? FILE : `${place} in ${FILE}`} ${what}.`);
}
