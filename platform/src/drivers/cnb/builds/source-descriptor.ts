import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import {
  type Architecture,
  DESCRIPTOR_FILE,
  DESCRIPTOR_LIMIT,
  ownBuildpacks,
  readProjectDescriptor,
} from "./project-descriptor.ts";

/** What has to be known of a source before it is unpacked anywhere. */
export interface SourceDescriptor {
  /** The builder image that it names, as it is written there. */
  readonly builder?: string;
  /** The processors that it wants images for; undefined when it does not say. */
  readonly architectures?: readonly Architecture[];
  /** Whether it brings buildpacks, or names some by address. */
  readonly bringsBuildpacks: boolean;
}

/**
 * Reads the `project.toml` of a source that is a tar, as it will stand when that is unpacked. Throws invalid_params for one
 * that is none, and the signal's reason after an abort.
 */
export async function readSourceDescriptor(
  content: Readable,
  signal: AbortSignal,
): Promise<SourceDescriptor> {
  const tar = extract();
  const feeding = pipeline(content, tar as unknown as NodeJS.WritableStream, { signal });
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  let text = "";
  try {
    for await (const entry of tar) {
      const { name, type, size } = entry.header;
      const path = name.split("/").filter((part) => part !== "" && part !== ".");
      const isIt = path.length === 1 && path[0] === DESCRIPTOR_FILE;
      const isText = (type === "file" || type === "contiguous-file") && size <= DESCRIPTOR_LIMIT;
      if (isIt && isText) text = (await buffer(entry as unknown as Readable)).toString();
      else entry.resume();
      if (isIt && !isText) text = "";
    }
    await feeding;
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown;
  } finally {
    content.destroy();
  }
  const descriptor = readProjectDescriptor(text);
  const { builder, architectures } = descriptor;
  return {
    ...(builder === undefined ? {} : { builder }),
    ...(architectures === undefined ? {} : { architectures }),
    bringsBuildpacks: ownBuildpacks(descriptor).length > 0,
  };
}
