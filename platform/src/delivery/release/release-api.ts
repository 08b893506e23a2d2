import type { RequestBodies } from "@conifer/contract";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { type Actor, apiTime, notFound } from "../../kernel/index.ts";
import { type ConfigChange, findConfig } from "../config/index.ts";
import { findImage } from "../image/index.ts";
import {
  changeAppConfig,
  createRelease,
  type ReleaseDependencies,
  requireRelease,
  retryRelease,
  rollBack,
} from "./create-release.ts";
import { describeDeploy, eligibleForRollback, imageRemoved, type Release } from "./release.ts";
import { findHead, listReleases, RELEASE_FIELDS } from "./release-store.ts";

export interface ReleaseApiDependencies extends ReleaseDependencies {
  /** A signed address of the text a release command or a build produces, under the caller's origin. */
  readonly outputUrl: (origin: string, id: string) => string;
  /** What the page of one release says of its image, beside what a list has. */
  readonly describeImage: (release: Release) => Promise<object>;
}

export function releaseHandlers(deps: ReleaseApiDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/releases": async (call) => {
      const request = call.page(RELEASE_FIELDS);
      const page = await listReleases(deps.db, call.app.id, request);
      const items = page.items.map((release) => presentRelease(release, call, deps));
      return listReply({ request, page: { items, more: page.more }, fields: RELEASE_FIELDS });
    },
    "GET /apps/{app}/releases/{release}": async (call) => {
      const release = await requireRelease(deps.db, call.app.id, call.params.release ?? "");
      return { body: { ...presentRelease(release, call, deps), ...(await deps.describeImage(release)) } };
    },
    "POST /apps/{app}/releases": async (call) => ({
      body: presentRelease(await make(call, deps), call, deps),
    }),
    ...configHandlers(deps),
  };
}

export function actorOf(call: ApiCall): Actor {
  return { id: call.principal.accountId, email: call.principal.email };
}

/** Three operations share the path: rolling back, releasing an image, and trying the newest release again. */
async function make(call: ApiCall, deps: ReleaseApiDependencies): Promise<Release> {
  const body = call.body as RequestBodies["POST /apps/{app}/releases"];
  const [appId, actor] = [call.app.id, actorOf(call)];
  if ("release" in body) return await rollBack({ appId, actor, to: String(body.release) }, deps);
  const description = body.description?.slice(0, LONGEST_DESCRIPTION) || undefined;
  const wanted = body.oci_image || body.slug;
  if (!wanted) return await retryRelease({ appId, actor, description }, deps);
  const image = await findImage(deps.db, appId, wanted);
  if (!image) throw notFound(body.oci_image ? "oci_image" : "slug");
  if (image.removedAt) throw imageRemoved();
  const release = {
    appId,
    actor,
    cause: "image",
    description: description ?? describeDeploy(image.commit ?? image.digest.slice("sha256:".length)),
    imageId: image.id,
  } as const;
  return await deps.db.transaction().execute((trx) => createRelease(trx, release, deps));
}

const LONGEST_DESCRIPTION = 1_000;

function configHandlers(deps: ReleaseApiDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/config-vars": async (call) => ({ body: await presentConfig(call.app.id, deps) }),
    "PATCH /apps/{app}/config-vars": async (call) => ({
      body: await changeAppConfig(
        { appId: call.app.id, actor: actorOf(call), change: call.body as ConfigChange },
        deps,
      ),
    }),
    "GET /apps/{app}/releases/{release}/config-vars": async (call) => {
      const release = await requireRelease(deps.db, call.app.id, call.params.release ?? "");
      return { body: await findConfig(deps.db, release.configId, deps.masterKey) };
    },
  };
}

async function presentConfig(appId: string, deps: ReleaseApiDependencies) {
  const head = await findHead(deps.db, appId);
  if (!head) throw notFound("app");
  return await findConfig(deps.db, head.configId, deps.masterKey);
}

/** The release as the API shows it. Its image is an artifact; there are no slugs. */
export function presentRelease(release: Release, call: ApiCall, deps: ReleaseApiDependencies) {
  const { imageId } = release;
  return {
    addon_plan_names: [],
    app: { id: call.app.id, name: call.app.name },
    artifacts: imageId ? [{ type: "oci-image", id: imageId }] : [],
    created_at: apiTime(release.createdAt),
    current: release.current,
    description: release.description,
    eligible_for_rollback: eligibleForRollback(release),
    id: release.id,
    oci_image: imageId ? { id: imageId } : null,
    output_stream_url: release.runsCommand ? deps.outputUrl(call.origin, release.id) : null,
    slug: null,
    status: release.imageRemoved && release.status === "succeeded" ? "expired" : release.status,
    updated_at: apiTime(release.updatedAt),
    user: { id: release.actor.id, email: release.actor.email },
    version: release.version,
  };
}
