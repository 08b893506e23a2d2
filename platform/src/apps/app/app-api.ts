import type { RequestBodies, Variant } from "@conifer/contract";
import { meansCaller } from "../../accounts/identity/index.ts";
import { type ApiCall, type ApiHandlers, type ApiReply, listReply } from "../../http/index.ts";
import { apiTime, notFound, pageOf } from "../../kernel/index.ts";
import { defaultRegion, findByIdentity, generations, regions, stacks } from "../region/index.ts";
import { type App, type Feature, features } from "./app.ts";
import { findApp, findAppForUpdate, listApps, listFeatureSettings, setFeature } from "./app-store.ts";
import { type AppDependencies, changeApp, createApp, destroyApp, requireStack } from "./create-app.ts";
import { refuseBuildpacks } from "./refuse-buildpacks.ts";

export interface AppApiDependencies extends AppDependencies {
  /** `http://name.localhost:8080/` */
  readonly webUrl: (name: string) => string;
  /** `https://localhost:6400/name.git` */
  readonly gitUrl: (name: string) => string;
  /** Sizes of what an app keeps; null when nothing is known. */
  readonly sizesOf: (appId: string) => Promise<{ repo: number | null; image: number | null }>;
}

const APP_FIELDS = ["id", "name"];

export function appHandlers(deps: AppApiDependencies): ApiHandlers {
  const present = (app: App, call: ApiCall) => presentApp(app, call.variant, deps);
  const list = async (call: ApiCall, ids?: readonly string[]): Promise<ApiReply> => {
    const request = call.page(APP_FIELDS);
    const page = await listApps(deps.db, { accountId: call.principal.accountId, ids, page: request });
    const items = await Promise.all(page.items.map((app) => present(app, call)));
    return listReply({ request, page: { items, more: page.more }, fields: APP_FIELDS });
  };
  return {
    "GET /apps": (call) => list(call),
    "GET /users/{account}/apps": async (call) => {
      if (!meansCaller(call.params.account ?? "~", call.principal)) throw notFound("user");
      return await list(call);
    },
    "POST /filters/apps": async (call) => {
      const { in: wanted } = call.body as { in?: { id?: readonly string[] } };
      return { ...(await list(call, wanted?.id)), status: 200 };
    },
    "POST /apps": async (call) => {
      const body = call.body as RequestBodies["POST /apps"] & {
        space?: unknown;
        team?: unknown;
        organization?: unknown;
      };
      if (body.space) throw notFound("space");
      if (body.team ?? body.organization) throw notFound("team");
      const wanted = { name: body.name, region: identityIn(body.region), stack: identityIn(body.stack) };
      return { body: await present(await createApp(wanted, call.principal, deps), call) };
    },
    "GET /apps/{app}": async (call) => ({ body: await present(await requireApp(call, deps), call) }),
    "PATCH /apps/{app}": async (call) => ({ body: await present(await patchApp(call, deps), call) }),
    "DELETE /apps/{app}": async (call) => {
      const app = await requireApp(call, deps);
      const body = await present(app, call);
      await destroyApp(app, call.principal, deps);
      return { body };
    },
    ...emptyLists(),
    ...featureHandlers(deps),
  };
}

/** `"us"`, `{name}` or `{id}`: clients send all three. */
function identityIn(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return null;
  const { name, id } = value as { name?: string; id?: string };
  return name ?? id ?? null;
}

async function patchApp(call: ApiCall, deps: AppApiDependencies): Promise<App> {
  const body = call.body as RequestBodies["PATCH /apps/{app}"];
  const stack = identityIn(body.build_stack);
  const change = {
    name: body.name ?? undefined,
    maintenance: body.maintenance ?? undefined,
    buildStack: stack === null ? undefined : requireStack(stack),
  };
  return await changeApp(call.app.id, change, call.principal, deps);
}

async function requireApp(call: ApiCall, deps: AppApiDependencies): Promise<App> {
  const app = await findApp(deps.db, call.app.id);
  if (!app) throw notFound("app");
  return app;
}

/** Lists that other commands read and that have nothing in them until add-ons exist. */
function emptyLists(): ApiHandlers {
  const empty = async (call: ApiCall): Promise<ApiReply> => {
    const request = call.page(["id", "name"]);
    return listReply({ request, page: pageOf<Record<string, unknown>>([], request), fields: ["id", "name"] });
  };
  return {
    "GET /apps/{app}/addons": empty,
    "GET /apps/{app}/buildpack-installations": empty,
    "PUT /apps/{app}/buildpack-installations": async (call) => {
      const { updates } = call.body as { readonly updates: readonly { readonly buildpack?: unknown }[] };
      refuseBuildpacks(updates);
      return await empty(call);
    },
  };
}

function featureHandlers(deps: AppApiDependencies): ApiHandlers {
  const show = async (call: ApiCall) => {
    const settings = await listFeatureSettings(deps.db, call.app.id);
    const app = await requireApp(call, deps);
    return features.map((feature) =>
      presentFeature(feature, { app, setting: settings.get(feature.name), call }),
    );
  };
  const find = (call: ApiCall) => {
    const feature = findByIdentity(features, call.params.app_feature ?? "");
    if (!feature) throw notFound("feature");
    return feature;
  };
  return {
    "GET /apps/{app}/features": async (call) => {
      const request = call.page(["id", "name"]);
      return listReply({ request, page: pageOf(await show(call), request), fields: ["id", "name"] });
    },
    "GET /apps/{app}/features/{app_feature}": async (call) => {
      const { id } = find(call);
      return { body: (await show(call)).find((feature) => feature.id === id) };
    },
    "PATCH /apps/{app}/features/{app_feature}": async (call) => {
      const { enabled } = call.body as { enabled: boolean };
      const feature = find(call);
      const { accountId, email } = call.principal;
      await deps.db.transaction().execute(async (trx) => {
        if (!(await findAppForUpdate(trx, call.app.id))) throw notFound("app");
        await setFeature(trx, { appId: call.app.id, name: feature.name, enabled, now: deps.clock() });
        const data = { name: call.app.name, feature: feature.name, enabled };
        await deps.appendEvent(trx, {
          kind: "app.updated",
          appId: call.app.id,
          actor: { id: accountId, email },
          data,
        });
      });
      return { body: (await show(call)).find(({ id }) => id === feature.id) };
    },
  };
}

function presentFeature(
  feature: Feature,
  { app, setting, call }: { app: App; setting?: { enabled: boolean; updatedAt: Date }; call: ApiCall },
) {
  return {
    id: feature.id,
    name: feature.name,
    display_name: feature.title,
    description: feature.description,
    doc_url: `${call.origin}/`,
    feedback_email: app.ownerEmail,
    enabled: setting?.enabled ?? feature.enabledByDefault,
    state: "general",
    created_at: apiTime(app.createdAt),
    updated_at: apiTime(setting?.updatedAt ?? app.createdAt),
  };
}

/** The app as the API shows it. `generation` is an object in base and a string in `3.sdk`. (design §5) */
export async function presentApp(app: App, variant: Variant, deps: AppApiDependencies) {
  const stack = findByIdentity(stacks, app.stack);
  const buildStack = findByIdentity(stacks, app.buildStack);
  const region = findByIdentity(regions, app.region) ?? findByIdentity(regions, defaultRegion);
  const generation = findByIdentity(generations, "cedar");
  const sizes = await deps.sizesOf(app.id);
  const base = {
    acm: false,
    archived_at: null,
    build_stack: { id: buildStack?.id, name: app.buildStack },
    buildpack_provided_description: app.buildpackProvidedDescription,
    created_at: apiTime(app.createdAt),
    git_url: deps.gitUrl(app.name),
    id: app.id,
    internal_routing: null,
    maintenance: app.maintenance,
    name: app.name,
    organization: null,
    owner: { id: app.ownerId, email: app.ownerEmail },
    region: { id: region?.id, name: app.region },
    released_at: app.releasedAt ? apiTime(app.releasedAt) : null,
    repo_size: sizes.repo,
    slug_size: sizes.image,
    space: null,
    stack: { id: stack?.id, name: app.stack },
    team: null,
    updated_at: apiTime(app.updatedAt),
    web_url: deps.webUrl(app.name),
  };
  if (variant === "base") return { ...base, generation: { id: generation?.id, name: "cedar" } };
  return {
    ...base,
    generation: "cedar",
    base_image_name: null,
    buildpacks: [],
    current_build_architecture: [],
  };
}
