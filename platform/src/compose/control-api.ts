import type { IncomingMessage, ServerResponse } from "node:http";
import { accountHandlers, makePasswordTries, type PasswordTries } from "../accounts/identity/index.ts";
import { tokenHandlers } from "../accounts/token/index.ts";
import { appHandlers, findApp, findRole, listOwnedApps } from "../apps/app/index.ts";
import { collaboratorHandlers } from "../apps/collaborator/index.ts";
import { findByIdentity, regionHandlers, stacks } from "../apps/region/index.ts";
import { advisoryHandlers } from "../delivery/advisory/index.ts";
import { attestationHandlers, describeTrust } from "../delivery/attestation/index.ts";
import { buildHandlers } from "../delivery/build/index.ts";
import { findNewestImage, imageHandlers } from "../delivery/image/index.ts";
import { makeOutputUrl } from "../delivery/output/index.ts";
import { pipelineHandlers } from "../delivery/pipeline/index.ts";
import { createInitialRelease, releaseHandlers } from "../delivery/release/index.ts";
import { PeerGone } from "../drivers/embedded/local/index.ts";
import { isStoreAway } from "../drivers/postgres/store/index.ts";
import { domainHandlers } from "../edge/domain/index.ts";
import type { CalledApp } from "../http/index.ts";
import {
  type ApiHandlers,
  type ApiListener,
  makeApiServer,
  makeRateLimiter,
  makeSchemaHandler,
  type RateLimiter,
  type RawHandler,
} from "../http/index.ts";
import type { Principal } from "../kernel/index.ts";
import { logSessionHandlers } from "../observe/log/index.ts";
import { dynoHandlers, formationHandlers, insideHandlers } from "../runtime/formation/index.ts";
import { makeAttachUrl, oneOffHandlers } from "../runtime/one-off/index.ts";
import { makeAuthenticate } from "./control-accounts.ts";
import type { ControlContext } from "./control-context.ts";
import type { ApiEngine } from "./control-engine.ts";
import { countRequests } from "./control-metrics.ts";
import { readFirstPage } from "./first-page.ts";
import type { Home } from "./home.ts";
import { traceRequests } from "./trace-work.ts";

/** The HTTP API with every capability's routes, on a listener's port. */
export async function openApi(
  context: ControlContext,
  engine: ApiEngine,
  listener: Pick<ApiListener, "makeServer">,
  raw: readonly RawHandler[],
) {
  const limits = {
    rateLimiter: makeRateLimiter(context.config.rateLimit),
    passwordTries: makePasswordTries(),
  };
  return await makeApiServer({
    handlers: makeHandlers(context, engine, limits),
    raw: [...raw, makeSchemaHandler(), browserLogin, firstPageHandler(context.config.home)],
    logger: context.logger,
    isStoreAway,
    isPartAway: (thrown) => thrown instanceof PeerGone,
    makeServer: listener.makeServer,
    authenticate: makeAuthenticate(context, limits.passwordTries),
    findApp: (identity, principal) => findCalledApp(context, identity, principal),
    rateLimiter: limits.rateLimiter,
    clock: context.clock,
    answered: countRequests(context.meter),
    around: traceRequests(context.tracer),
  });
}

/** The app of that name or id with the caller's role on it. */
export async function findCalledApp(
  { db }: Pick<ControlContext, "db">,
  identity: string,
  principal: Principal,
): Promise<CalledApp | undefined> {
  const app = await findApp(db, identity);
  return app && { id: app.id, name: app.name, role: await findRole(db, app.id, principal.accountId) };
}

/** Every route that is served. */
export function makeHandlers(
  context: ControlContext,
  engine: ApiEngine,
  limits: { readonly rateLimiter: RateLimiter; readonly passwordTries: PasswordTries },
): ApiHandlers {
  const { db } = context;
  const outputUrl = makeOutputUrl({ clock: context.clock, key: context.urlKey });
  const attachUrl = makeAttachUrl(context.urlKey);
  return {
    ...accountHandlers({
      ...context,
      ...limits,
      ownedApps: (accountId) => listOwnedApps(db, accountId, 10),
    }),
    ...tokenHandlers(context),
    ...regionHandlers(),
    ...appHandlers({
      ...context,
      alsoCreate: (trx, app, creator) =>
        createInitialRelease(trx, app.id, { id: creator.accountId, email: creator.email }, context),
      sizesOf: async (appId) => ({
        repo: null,
        image: (await findNewestImage(db, appId))?.info.sizeBytes ?? null,
      }),
    }),
    ...collaboratorHandlers(context),
    ...pipelineHandlers({
      ...context,
      findApp: (identity, principal) => findCalledApp(context, identity, principal),
    }),
    ...domainHandlers({ db, domain: context.config.domain }),
    ...releaseHandlers({
      ...context,
      outputUrl,
      describeImage: (release) => describeTrust(release, { db, required: context.config.signedImages }),
    }),
    ...attestationHandlers({ db, images: engine.images }),
    ...advisoryHandlers(context),
    ...imageHandlers({
      ...context,
      images: engine.images,
      stackOf: (name) => ({ id: findByIdentity(stacks, name)?.id ?? "", name }),
    }),
    ...buildHandlers({ ...context, builder: engine.builder, outputUrl, makeUpload: engine.uploads.create }),
    ...formationHandlers({ ...context, images: engine.images, pushed: engine.pushed }),
    ...dynoHandlers({ ...context, watch: engine.watch, host: engine.host }),
    ...oneOffHandlers({ ...engine.oneOffs, attachUrl }),
    ...insideHandlers({ ...context, watch: engine.watch, attachUrl }),
    ...logSessionHandlers({ ...context, key: context.urlKey }),
  };
}

/** Plain `heroku login` begins here (facts: CLI client §1.5). Its page in the browser does not exist yet. */
const browserLogin: RawHandler = async (request, response) => {
  if (request.method !== "POST" || request.url !== "/auth") return false;
  request.resume();
  const message = "Conifer has no login page in the browser yet. Log in with: heroku login -i";
  response.writeHead(501, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "not_implemented", message }));
  return true;
};

/** A browser that opens the port sees where it is. */
function firstPageHandler(home: Home): RawHandler {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const wantsPage =
      request.method === "GET" && request.url === "/" && /text\/html/.test(request.headers.accept ?? "");
    if (!wantsPage || request.headers.authorization) return false;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
    response.end(readFirstPage(home));
    return true;
  };
}
