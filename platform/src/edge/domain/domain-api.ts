import { createHash } from "node:crypto";
import { findApp } from "../../apps/app/index.ts";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { apiTime, type Db, notFound, pageOf } from "../../kernel/index.ts";
import { defaultDomain } from "./domain.ts";

export interface DomainDependencies {
  readonly db: Db;
  /** `CONIFER_DOMAIN` */
  readonly domain: string;
}

const FIELDS = ["id", "hostname"];

/** Every app has its default domain; names of your own come with certificates. */
export function domainHandlers(deps: DomainDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/domains": async (call) => {
      const request = call.page(FIELDS);
      return listReply({ request, page: pageOf([await present(call, deps)], request), fields: FIELDS });
    },
    "GET /apps/{app}/domains/{domain}": async (call) => {
      const domain = await present(call, deps);
      const identity = call.params.domain ?? "";
      if (identity !== domain.id && identity.toLowerCase() !== domain.hostname) throw notFound("domain");
      return { body: domain };
    },
  };
}

async function present(call: ApiCall, { db, domain }: DomainDependencies) {
  const app = await findApp(db, call.app.id);
  if (!app) throw notFound("app");
  return {
    acm_status: null,
    acm_status_reason: null,
    app: { id: app.id, name: app.name },
    cname: null,
    created_at: apiTime(app.createdAt),
    hostname: defaultDomain(app.name, domain),
    id: domainId(app.id),
    kind: "heroku",
    sni_endpoint: null,
    status: "succeeded",
    updated_at: apiTime(app.updatedAt),
  };
}

/** The default domain has no record of its own: its id follows from the app's, as a name-based UUID (RFC 9562 §5.8). */
function domainId(appId: string): string {
  const hash = createHash("sha256").update(`default domain of ${appId}`).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
