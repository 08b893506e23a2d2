import { BusinessError, errorText, invalidParams } from "../../../kernel/index.ts";
import { parseShortReference } from "../../registry/client/index.ts";
import { BuilderImageError, type NamedRunImage } from "./builder-facts.ts";

/** Bytes of a builder's or run image's packed layers at the most. */
export const PULLED_BYTES = 16 * 1024 ** 3;

/** Throws invalid_params for a text that cannot name an image. */
export function requireReference(name: string): void {
  try {
    parseShortReference(name);
  } catch (thrown) {
    throw invalidParams(`"${name}" cannot name a builder or run image: ${asSentence(thrown)}`);
  }
}

/** Throws invalid_params: nobody has this image. */
export function missingImage(name: string): never {
  throw invalidParams(`There is no image ${name}. Check its name and tag.`);
}

/** What a build's output says while an image comes. */
export function pullingTold(kind: PulledKind, name: string, bytes: number): string {
  return `-----> Pulling ${kind} ${name} (${Math.max(1, Math.round(bytes / 1_000_000))} MB)`;
}

export type PulledKind = "builder" | "run image";

/** What it says when an image is used although its registry is away. */
export function keptTold(kind: PulledKind, thrown: unknown): string {
  return ` !     ${asSentence(thrown)}\n !     Using the ${kind} as it was pulled before.`;
}

/** An image as it is named, with the digest that it had. */
export function pinnedName(name: string, digest: string): string {
  return name.endsWith(`@${digest}`) ? name : `${name}@${digest}`;
}

/** What the cache of a builder belongs to: its repository, over all versions of it. */
export function makerOf(name: string): string {
  const { registry, repository } = parseShortReference(name);
  return `${registry}/${repository}`;
}

/**
 * The first of the run image and its mirrors that can be had, as `bring` returns it. Throws invalid_params with what was in
 * the way of each, or the signal's reason after an abort.
 */
export async function bringRunImage<T>(
  { image, mirrors }: NamedRunImage,
  signal: AbortSignal,
  bring: (name: string) => Promise<T>,
): Promise<T> {
  const failures: string[] = [];
  for (const name of [image, ...mirrors]) {
    try {
      requireReference(name);
      return await bring(name);
    } catch (thrown) {
      signal.throwIfAborted();
      failures.push(`${name}: ${asSentence(thrown)}`);
    }
  }
  const none = mirrors.length === 0 ? " The builder names no mirror of it." : "";
  throw invalidParams(
    `The run image ${image} of the builder cannot be had.${none}\n${failures.join("\n")}\n` +
      "An operator can list a mirror of its registry in CONIFER_PULL_REGISTRIES.",
  );
}

/** What the person who waits is told when a builder cannot be used. */
export function builderRefusal(name: string, thrown: unknown): BusinessError {
  if (thrown instanceof BusinessError) return thrown;
  if (thrown instanceof BuilderImageError) return invalidParams(thrown.message);
  return invalidParams(`The builder ${name} cannot be used: ${asSentence(thrown)}`);
}

function asSentence(thrown: unknown): string {
  const text = errorText(thrown).trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
