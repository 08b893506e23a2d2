import type { RequestBodies } from "@conifer/contract";
import type { ApiCall, ApiHandlers } from "../../http/index.ts";
import { apiTime, type Clock, type Db, invalidParams, type NewId, notFound } from "../../kernel/index.ts";
import { partsOf } from "./container-image.ts";
import { displayCommand } from "./image.ts";
import type { ImageStore } from "./image-ports.ts";
import { findImage, insertImage, type OciImage } from "./oci-image-store.ts";
import { readImageInfo } from "./read-image-info.ts";

export interface ImageApiDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly images: Pick<ImageStore, "read">;
  readonly stackOf: (name: string) => { readonly id: string; readonly name: string };
}

export function imageHandlers(deps: ImageApiDependencies): ApiHandlers {
  return {
    // The stock client reads the first element of an array here, whatever the schema says. (facts: CLI client §3)
    "GET /apps/{app}/oci-images/{oci_image}": async (call) => {
      const image = await findImage(deps.db, call.app.id, call.params.oci_image ?? "");
      if (!image) throw notFound("oci_image");
      return { body: [presentImage(image, call, deps)] };
    },
    "POST /apps/{app}/oci-images": async (call) => ({
      body: presentImage(await record(call, deps), call, deps),
    }),
  };
}

/** Records an image whose content is already in the store, so that a release can be made of it without a build. */
async function record(call: ApiCall, deps: ImageApiDependencies): Promise<OciImage> {
  const body = call.body as RequestBodies["POST /apps/{app}/oci-images"];
  const digest = body.digest ?? "";
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw invalidParams("digest has the form sha256:<64 hex digits>.");
  const mine = await findImage(deps.db, call.app.id, digest);
  if (!mine)
    throw invalidParams(
      "There is no image with that digest for this app. Push the code, or the image, first.",
    );
  // An image of several containers, or for several processors, is told by its record alone.
  const isSeveral = partsOf(mine.info).length > 0 || mine.info.platforms !== undefined;
  const info = isSeveral ? mine.info : await readImageInfo(deps.images, digest);
  const image = {
    id: deps.newId(),
    appId: call.app.id,
    digest,
    info,
    commit: body.commit ?? mine.commit,
    commitDescription: body.commit_description ?? mine.commitDescription,
    stack: mine.stack,
    createdAt: deps.clock(),
  };
  await insertImage(deps.db, image);
  return { ...image, removedAt: null, updatedAt: image.createdAt };
}

function presentImage(image: OciImage, call: ApiCall, deps: ImageApiDependencies) {
  const { info } = image;
  return {
    architecture: info.architecture,
    base_image_name: info.runImage.name,
    base_top_layer: info.runImage.topLayer,
    buildpacks: info.buildpacks.map(({ id, version, homepage }) => ({
      id,
      version,
      homepage: homepage ?? "",
    })),
    commit: image.commit ?? "",
    commit_description: image.commitDescription ?? "",
    created_at: apiTime(image.createdAt),
    digest: image.digest,
    id: image.id,
    image_repo: call.app.name,
    process_types: Object.fromEntries(
      info.processes.map((process) => [process.type, presentProcess(process)]),
    ),
    stack: deps.stackOf(image.stack),
    updated_at: apiTime(image.updatedAt),
    ...(call.variant === "base" ? { deleted_at: image.removedAt ? apiTime(image.removedAt) : null } : {}),
  };
}

function presentProcess(process: OciImage["info"]["processes"][number]) {
  return {
    name: process.type,
    display_cmd: displayCommand(process),
    command: process.container ? displayCommand(process) : `/cnb/process/${process.type}`,
    working_dir: process.workingDir ?? (process.container ? "/" : "/workspace"),
    default: process.default,
  };
}
