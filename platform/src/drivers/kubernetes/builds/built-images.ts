import type { ContainerPlan } from "../../../delivery/build/index.ts";
import { digestOf, MEDIA, makeIndex, parseIndex } from "../../../delivery/image/index.ts";
import type { BuiltImages } from "../../buildah/builds/index.ts";

/** What a build by Dockerfiles has delivered: its images by their names in the plan, and what runs in them. */
export interface Delivered {
  readonly processes: ContainerPlan["processes"];
  readonly built: BuiltImages;
}

const NAME = "org.opencontainers.image.ref.name";
const PROCESSES = "dev.conifer.processes";

/** An index of images, as a registry takes it. */
interface BuiltIndex {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly digest: string;
}

/** Writes it as an index, so that whoever follows a build need know one digest; images are there before. */
export async function encodeBuilt(
  { processes }: Pick<ContainerPlan, "processes">,
  built: BuiltImages,
  read: (digest: string) => Promise<{ readonly mediaType: string; readonly bytes: Buffer }>,
): Promise<BuiltIndex> {
  const manifests = [];
  for (const [name, digest] of built) {
    const { mediaType, bytes } = await read(digest);
    manifests.push({ mediaType, digest, size: bytes.length, annotations: { [NAME]: name } });
  }
  const annotations = { [PROCESSES]: JSON.stringify(processes) };
  const bytes = Buffer.from(JSON.stringify({ ...makeIndex(manifests), annotations }));
  return { mediaType: MEDIA.index, bytes, digest: digestOf(bytes) };
}

/** Reads it. Throws an Error for an index that is none of ours. */
export function readBuilt(bytes: Buffer): Delivered {
  const { annotations } = JSON.parse(bytes.toString("utf8")) as { annotations?: Record<string, string> };
  const processes = JSON.parse(annotations?.[PROCESSES] ?? "null") as ContainerPlan["processes"] | null;
  if (!Array.isArray(processes)) throw new Error("the index does not say what runs in its images");
  const named = parseIndex(bytes).manifests.map(
    ({ digest, annotations: own }) => [own?.[NAME] ?? "", digest] as const,
  );
  return { processes, built: new Map(named) };
}
