import type { IncomingMessage, ServerResponse } from "node:http";
import { accountHandlers } from "../accounts/identity/index.ts";
import { tokenHandlers } from "../accounts/token/index.ts";
import { appHandlers, findApp, findRole } from "../apps/app/index.ts";
import { collaboratorHandlers } from "../apps/collaborator/index.ts";
import { findByIdentity, regionHandlers, stacks } from "../apps/region/index.ts";
import { buildHandlers } from "../delivery/build/index.ts";
import { findNewestImage, imageHandlers } from "../delivery/image/index.ts";
import { makeOutputUrl } from "../delivery/output/index.ts";
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
  type RawHandler,
} from "../http/index.ts";
import type { Principal } from "../kernel/index.ts";
import { logSessionHandlers } from "../observe/log/index.ts";
import { dynoHandlers, formationHandlers } from "../runtime/formation/index.ts";
import { makeAttachUrl, oneOffHandlers } from "../runtime/one-off/index.ts";
import { makeAuthenticate } from "./control-accounts.ts";
import type { ControlContext } from "./control-context.ts";
import type { ControlEngine } from "./control-engine.ts";
import { readFirstPage } from "./first-page.ts";
import type { Home } from "./home.ts";

/** The HTTP API with every capability's routes, on a listener's port. */
export async function openApi(
  context: ControlContext,
  engine: ControlEngine,
  listener: Pick<ApiListener, "makeServer">,
  raw: readonly RawHandler[],
) {
  const rateLimiter = makeRateLimiter(context.config.rateLimit);
  return await makeApiServer({
    handlers: makeHandlers(context, engine, rateLimiter),
    raw: [...raw, makeSchemaHandler(), firstPageHandler(context.config.home)],
    logger: context.logger,
    isStoreAway,
    isPartAway: (thrown) => thrown instanceof PeerGone,
    makeServer: listener.makeServer,
    authenticate: makeAuthenticate(context),
    findApp: (identity, principal) => findCalledApp(context, identity, principal),
    rateLimiter,
    clock: context.clock,
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
  engine: ControlEngine,
  rateLimiter: ReturnType<typeof makeRateLimiter>,
): ApiHandlers {
  const { db } = context;
  const outputUrl = makeOutputUrl({ clock: context.clock, key: context.urlKey });
  return {
    ...accountHandlers({ ...context, rateLimiter }),
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
    ...domainHandlers({ db, domain: context.config.domain }),
    ...releaseHandlers({ ...context, outputUrl }),
    ...imageHandlers({
      ...context,
      images: engine.images,
      stackOf: (name) => ({ id: findByIdentity(stacks, name)?.id ?? "", name }),
    }),
    ...buildHandlers({ ...context, builder: engine.builder, outputUrl, makeUpload: engine.uploads.create }),
    ...formationHandlers(context),
    ...dynoHandlers({ ...context, watch: engine.watch, host: engine.host }),
    ...oneOffHandlers({ ...engine.oneOffs, attachUrl: makeAttachUrl(context.urlKey) }),
    ...logSessionHandlers({ ...context, key: context.urlKey }),
  };
}

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
