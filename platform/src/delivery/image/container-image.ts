import { invalidParams } from "../../kernel/index.ts";
import type { ImageInfo, ImageProcess } from "./image.ts";
import type { OciConfig } from "./oci-documents.ts";
import type { ImageDocuments } from "./read-image-info.ts";

/** One process type of an app that is made of container images. */
export interface ContainerPart {
  readonly process: ImageProcess;
  readonly architecture: ImageInfo["architecture"];
}

interface ContainerChoice {
  readonly type: string;
  /** Digest of the image's manifest. */
  readonly digest: string;
  /** A line for a shell that takes the place of the image's own CMD. */
  readonly command?: string;
}

/** Arguments of a program get to the kernel in one piece of at most two megabytes; nobody means so many. */
const ARGUMENT_BYTES = 128 * 1024;

/**
 * What a container image runs as a process type. Throws invalid_params, with what to change in the Dockerfile, for an
 * image that cannot be one.
 */
export function readContainerPart(
  { type, digest, command }: ContainerChoice,
  { manifest, config }: ImageDocuments,
): ContainerPart {
  const { architecture, os } = config;
  if (os !== "linux" || (architecture !== "amd64" && architecture !== "arm64"))
    throw invalidParams(
      `The image of ${type} is for ${os}/${architecture}. Build it with --platform linux/amd64 or linux/arm64.`,
    );
  if (manifest.layers.length === 0)
    throw invalidParams(
      `The image of ${type} has no files. Its Dockerfile needs a COPY, or a base that has some.`,
    );
  const words = commandOf(type, config.config, command);
  const user = userOf(config.config.User);
  const sizes = [manifest.config, ...manifest.layers].map((descriptor) => descriptor.size);
  const process: ImageProcess = {
    type,
    command: words,
    args: [],
    direct: true,
    default: type === "web",
    ...(config.config.WorkingDir ? { workingDir: config.config.WorkingDir } : {}),
    container: {
      ...{ image: digest, sizeBytes: sizes.reduce((sum, size) => sum + size, 0) },
      ...(user ? { user } : {}),
    },
  };
  return { process, architecture };
}

/**
 * What an app of these parts shows as its image. Its digest is that of `web`, or of the first part. All must be for the same
 * architecture: one machine runs them.
 */
export function containerInfo(parts: readonly ContainerPart[]): ImageInfo {
  const main = parts.find(({ process }) => process.type === "web") ?? parts[0];
  if (!main?.process.container) throw invalidParams("A release of images needs at least one process type.");
  const other = parts.find(({ architecture }) => architecture !== main.architecture);
  if (other)
    throw invalidParams(
      `The image of ${main.process.type} is for ${main.architecture}, and that of ${other.process.type} for ${other.architecture}. Build all of them for one.`,
    );
  return {
    digest: main.process.container.image,
    architecture: main.architecture,
    processes: parts.map(({ process }) => process),
    buildpacks: [],
    runImage: { name: "", topLayer: "" },
    sizeBytes: parts.reduce((sum, { process }) => sum + (process.container?.sizeBytes ?? 0), 0),
  };
}

/**
 * The program and its arguments: ENTRYPOINT, then CMD. A CMD without an ENTRYPOINT is Heroku's to run by a shell, so that it
 * may name variables such as `$PORT`; one that names none needs no shell in its image.
 */
function commandOf(type: string, config: OciConfig["config"], line: string | undefined): readonly string[] {
  const entrypoint = wordsOf(type, "ENTRYPOINT", config.Entrypoint);
  const shellLine = line === undefined ? [] : ["/bin/sh", "-c", line];
  const cmd = line === undefined ? wordsOf(type, "CMD", config.Cmd) : shellLine;
  const words = [...entrypoint, ...cmd];
  if (words.length === 0 || words[0] === "")
    throw invalidParams(
      `The image of ${type} does not say what to run. Add a CMD to its Dockerfile, such as: CMD node server.js`,
    );
  if (words.reduce((sum, word) => sum + Buffer.byteLength(word), 0) > ARGUMENT_BYTES)
    throw invalidParams(`The command in the image of ${type} is longer than ${ARGUMENT_BYTES / 1024} KiB.`);
  if (entrypoint.length > 0 || isShell(words)) return words;
  return words.some((word) => NAMES_VARIABLE.test(word)) ? ["/bin/sh", "-c", quotedLine(words)] : words;
}

const NAMES_VARIABLE = /\$(?:[A-Za-z_]|\{[A-Za-z_])/;

function isShell([program = "", flag]: readonly string[]): boolean {
  return /(?:^|\/)(?:ba|da|a|z)?sh$/.test(program) && flag !== undefined && /^-[a-z]*c$/.test(flag);
}

/** The words as one line of shell, in which variables get their values and nothing else has a meaning. */
function quotedLine(words: readonly string[]): string {
  const quoted = words.map((word) => word.replaceAll(/\$(?!\{?[A-Za-z_])|[\\"`]/g, (char) => `\\${char}`));
  return `exec ${quoted.map((word) => `"${word}"`).join(" ")}`;
}

function wordsOf(type: string, what: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value) && value.every((word) => typeof word === "string");
  if (!isList || value.some((word) => word.includes("\0")))
    throw invalidParams(`The ${what} in the image of ${type} is not a list of texts. Build the image again.`);
  return value;
}

/**
 * The ids of a USER that is told in numbers. Root runs as the platform's own user, as on Heroku, where nothing runs as root;
 * so does a name, since it means something only within the image.
 */
function userOf(text: unknown): { readonly uid: number; readonly gid: number } | undefined {
  const match = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(typeof text === "string" ? text : "");
  const uid = Number(match?.[1] ?? 0);
  if (uid === 0) return undefined;
  return { uid, gid: Number(match?.[2] ?? 0) || uid };
}

/** The parts of an image of containers; none of one that buildpacks made. */
export function partsOf(info: ImageInfo | null): readonly ContainerPart[] {
  const processes = (info?.processes ?? []).filter(({ container }) => container !== undefined);
  return info ? processes.map((process) => ({ process, architecture: info.architecture })) : [];
}
