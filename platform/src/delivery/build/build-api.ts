import type { RequestBodies } from "@conifer/contract";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { apiTime, invalidParams, type Logger, notFound } from "../../kernel/index.ts";
import { actorOf } from "../release/index.ts";
import type { Build } from "./build.ts";
import type { Builder } from "./build-ports.ts";
import { BUILD_FIELDS, findBuild, listBuilds } from "./build-store.ts";
import { type BuildDependencies, cancelBuild, createBuild } from "./create-build.ts";

export interface BuildApiDependencies extends BuildDependencies {
  readonly builder: Pick<Builder, "cancel" | "clearCache">;
  readonly logger: Logger;
  /** A signed address of the build's output, under the caller's origin. */
  readonly outputUrl: (origin: string, id: string) => string;
  /** A place to upload a source to, and the address to name it by. */
  readonly makeUpload: (origin: string) => Promise<{ putUrl: string; getUrl: string }>;
}

export function buildHandlers(deps: BuildApiDependencies): ApiHandlers {
  const upload = async (call: ApiCall) => {
    const { putUrl, getUrl } = await deps.makeUpload(call.origin);
    return { body: { source_blob: { get_url: getUrl, put_url: putUrl } } };
  };
  return {
    "POST /sources": upload,
    "POST /apps/{app}/sources": upload,
    "GET /apps/{app}/builds": async (call) => {
      const request = call.page(BUILD_FIELDS);
      const page = await listBuilds(deps.db, call.app.id, request);
      const items = page.items.map((build) => presentBuild(build, call, deps));
      return listReply({ request, page: { items, more: page.more }, fields: BUILD_FIELDS });
    },
    "POST /apps/{app}/builds": async (call) => ({ body: presentBuild(await accept(call, deps), call, deps) }),
    "GET /apps/{app}/builds/{build}": async (call) => {
      const build = await findBuild(deps.db, call.app.id, call.params.build ?? "");
      if (!build) throw notFound("build");
      return { body: presentBuild(build, call, deps) };
    },
    "DELETE /apps/{app}/builds/{build}": async (call) => {
      const wanted = { appId: call.app.id, buildId: call.params.build ?? "", actor: actorOf(call) };
      return { body: presentBuild(await cancelBuild(wanted, deps), call, deps) };
    },
    "DELETE /apps/{app}/build-cache": async (call) => {
      await deps.builder.clearCache(call.app.id);
      return {};
    },
  };
}

async function accept(call: ApiCall, deps: BuildApiDependencies): Promise<Build> {
  const body = call.body as RequestBodies["POST /apps/{app}/builds"];
  const {
    url,
    checksum,
    version,
    version_description: description,
  } = body.source_blob as {
    url?: string;
    checksum?: string | null;
    version?: string | null;
    version_description?: string | null;
  };
  if (!url || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalidParams("source_blob.url must be an http or https address of a tarball.");
  }
  if (checksum && !/^SHA256:[0-9a-f]{64}$/i.test(checksum)) {
    throw invalidParams("source_blob.checksum has the form SHA256:<64 hex digits>.");
  }
  const wanted = {
    appId: call.app.id,
    actor: actorOf(call),
    sourceUrl: url,
    sourceChecksum: checksum ?? null,
    sourceVersion: version?.slice(0, 255) ?? null,
    sourceDescription: description?.slice(0, 1_000) ?? null,
  };
  return await createBuild(wanted, deps);
}

/** The build as the API shows it; a cancelled one is `failed`. There are no slugs. */
export function presentBuild(build: Build, call: ApiCall, deps: BuildApiDependencies) {
  const { sourceUrl, sourceChecksum, sourceVersion, sourceDescription } = build;
  return {
    app: { id: build.appId },
    buildpacks: [],
    created_at: apiTime(build.createdAt),
    id: build.id,
    output_stream_url: deps.outputUrl(call.origin, build.id),
    release: build.releaseId ? { id: build.releaseId } : null,
    slug: null,
    source_blob: {
      checksum: sourceChecksum ?? build.sourceDigest?.replace("sha256:", "SHA256:") ?? null,
      url: sourceUrl ?? "",
      version: sourceVersion,
      version_description: sourceDescription,
    },
    stack: build.stack,
    status: build.status === "cancelled" ? "failed" : build.status,
    updated_at: apiTime(build.updatedAt),
    user: { id: build.actor.id, email: build.actor.email },
    ...(call.variant === "sdk" ? { labs: {} } : { generation: "cedar" }),
  };
}
