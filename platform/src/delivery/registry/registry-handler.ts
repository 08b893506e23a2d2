import type { IncomingMessage } from "node:http";
import { DOCUMENT_LIMIT } from "../image/index.ts";
import { deleteBlob, deleteManifest } from "./delete-content.ts";
import { pacedBody, readBounded } from "./paced-body.ts";
import { putManifest } from "./put-manifest.ts";
import { makeUploadHandlers, type UploadHandlers } from "./receive-upload.ts";
import { authenticate, authorize, scopeOf, serveToken } from "./registry-access.ts";
import {
  jsonAnswer,
  type RegistryAnswer,
  type RegistryCall,
  type RegistryDependencies,
  type RegistryLimits,
} from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import { makeRegistryQuota, type RegistryQuota } from "./registry-quota.ts";
import { parseRoute, type RegistryRoute } from "./registry-routes.ts";
import { isTag, principalName, type RegistryAction, repositoryName } from "./registry-rules.ts";
import { makeRepositoryTurns, type RepositoryTurns } from "./repository-turns.ts";
import { serveBlob, serveManifest, serveReferrers, serveTags } from "./serve-content.ts";

/** What a log line says of a request; filled in as it becomes known. */
export interface RequestFacts {
  route?: RegistryRoute["kind"];
  repository?: string;
  principal?: string;
}

/** Decides what a request is answered. Throws RegistryError for refusals. */
export type RegistryHandler = (request: IncomingMessage, facts: RequestFacts) => Promise<RegistryAnswer>;

/** Methods of each route; HEAD is a GET whose body is not sent. */
const METHODS: Readonly<Record<RegistryRoute["kind"], readonly string[]>> = {
  ping: ["GET", "HEAD"],
  token: ["GET", "POST"],
  manifest: ["GET", "HEAD", "PUT", "DELETE"],
  blob: ["GET", "HEAD", "DELETE"],
  uploads: ["POST"],
  upload: ["GET", "PATCH", "PUT", "DELETE"],
  tags: ["GET", "HEAD"],
  referrers: ["GET", "HEAD"],
};

export function makeRegistryHandler(deps: RegistryDependencies, limits: RegistryLimits): RegistryHandler {
  const turns = makeRepositoryTurns(limits.spaceBytes === undefined ? repositoryName : ({ space }) => space);
  const quota = makeRegistryQuota(deps, limits);
  const uploads = makeUploadHandlers({ ...deps, quota, turns });
  const bodyOf = makeBodies(limits);
  return async (request, facts) => {
    const [path = "", search = ""] = (request.url ?? "").split("?", 2);
    const body = () => bodyOf(request);
    if (path === "/v2/token") {
      facts.route = "token";
      checkMethod(request, "token");
      return await serveToken(request, body, deps);
    }
    const asked = routeOrRefusal(path);
    const action = actionOf(request, asked);
    const principal = authenticate(request, deps, scopeAsked(asked, action));
    facts.principal = principalName(principal);
    if (asked instanceof RegistryError) throw asked;
    facts.route = asked.kind;
    checkMethod(request, asked.kind);
    if (asked.kind === "ping" || asked.kind === "token") return jsonAnswer({});
    facts.repository = repositoryName(asked.repository);
    authorize(principal, action, asked);
    const query = new URLSearchParams(search);
    const call = { request, query, principal, repository: asked.repository, body };
    return await serveRepository(asked, call, { deps, limits, uploads, turns, quota });
  };
}

/** Strangers learn nothing of paths: they are told to authenticate first, whatever they asked for. */
function routeOrRefusal(path: string): RegistryRoute | RegistryError {
  try {
    return parseRoute(path);
  } catch (thrown) {
    if (thrown instanceof RegistryError) return thrown;
    throw thrown;
  }
}

function actionOf({ method }: IncomingMessage, asked: RegistryRoute | RegistryError): RegistryAction {
  const kind = "kind" in asked ? asked.kind : undefined;
  if (method === "DELETE" && (kind === "manifest" || kind === "blob")) return "delete";
  return (method === "GET" || method === "HEAD") && kind !== "upload" ? "pull" : "push";
}

function scopeAsked(asked: RegistryRoute | RegistryError, action: RegistryAction): string | undefined {
  return "repository" in asked ? scopeOf(asked.repository, action) : undefined;
}

function checkMethod(request: IncomingMessage, kind: RegistryRoute["kind"]): void {
  const allowed = METHODS[kind];
  if (allowed.includes(request.method ?? "")) return;
  throw new RegistryError("UNSUPPORTED", `this address knows ${allowed.join(", ")} only`, {
    headers: { allow: allowed.join(", ") },
  });
}

interface Served {
  readonly deps: RegistryDependencies;
  readonly limits: RegistryLimits;
  readonly uploads: UploadHandlers;
  readonly turns: RepositoryTurns;
  readonly quota: RegistryQuota;
}

async function serveRepository(
  route: Exclude<RegistryRoute, { kind: "ping" | "token" }>,
  call: RegistryCall,
  served: Served,
): Promise<RegistryAnswer> {
  const { deps, uploads, turns, quota } = served;
  const { method } = call.request;
  const inTurn = (work: () => Promise<RegistryAnswer>) =>
    turns(call.repository, () => work().finally(() => quota.removed(call.repository)));
  switch (route.kind) {
    case "manifest":
      if (method === "PUT") return await takeManifest(call, route.reference, served);
      if (method === "DELETE") return await inTurn(() => deleteManifest(deps, call, route.reference));
      return await serveManifest(deps, call, route.reference);
    case "blob":
      if (method === "DELETE") return await inTurn(() => deleteBlob(deps, call, route.digest));
      return await serveBlob(deps, call, route.digest);
    case "tags":
      return await serveTags(deps, call);
    case "referrers":
      return await serveReferrers(deps, call, route.digest);
    case "uploads":
      return await uploads.begin(call);
    case "upload":
      return await uploadHandler(uploads, method)(call, route.id);
  }
}

function uploadHandler(uploads: UploadHandlers, method: string | undefined) {
  switch (method) {
    case "PATCH":
      return uploads.add;
    case "PUT":
      return uploads.finish;
    case "DELETE":
      return uploads.cancel;
    default:
      return uploads.status;
  }
}

async function takeManifest(
  call: RegistryCall,
  reference: string,
  { deps, limits, turns, quota }: Served,
): Promise<RegistryAnswer> {
  const bytes = await readBounded(call.body(), DOCUMENT_LIMIT);
  const { repository } = call;
  const contentType = call.request.headers["content-type"];
  const pushed = { repository, reference, contentType, bytes };
  const { digest, subject } = await turns(repository, () => putManifest({ ...deps, quota }, pushed, limits));
  const warning = await quota.warningOf(repository);
  const name = repositoryName(repository);
  return {
    status: 201,
    headers: {
      location: `/v2/${name}/manifests/${isTag(reference) ? reference : digest}`,
      "docker-content-digest": digest,
      "content-length": 0,
      ...(subject === undefined ? {} : { "oci-subject": subject }),
      ...(warning === undefined ? {} : { warning }),
    },
  };
}

/** Bodies that come in at the same time are bounded in number, each in its pace. */
function makeBodies({ bodies, pace }: RegistryLimits) {
  let open = 0;
  return async function* (request: IncomingMessage): AsyncGenerator<Buffer> {
    if (open >= bodies)
      throw new RegistryError("TOOMANYREQUESTS", "too much is being pushed at once; try again soon", {
        headers: { "retry-after": "5" },
      });
    open += 1;
    try {
      yield* pacedBody(request, pace);
    } finally {
      open -= 1;
    }
  };
}
