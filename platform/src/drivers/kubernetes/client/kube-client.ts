import { errorText } from "../../../kernel/index.ts";
import type { KubeAccess } from "./kube-access.ts";
import {
  type BodyReadable,
  type IncomingHttpHeaders,
  KubeConnection,
  type KubeRequest,
} from "./kube-connection.ts";
import { isNotFound, KubeError, readAnswer } from "./kube-error.ts";
import type { KubeKind, KubeObject } from "./kube-objects.ts";
import { objectPath } from "./kube-objects.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One place in the API: a kind within a namespace. */
export interface KubePlace {
  readonly kind: KubeKind;
  /** Missing for kinds that live in no namespace. */
  readonly namespace?: string;
}

export interface KubeList<T extends KubeObject> {
  readonly resourceVersion: string;
  readonly items: readonly T[];
  readonly continue: string | undefined;
}

/**
 * Requests to one API server. Everything throws KubeError when the server refuses, an error that tells the request when
 * the server is not reached or its answer breaks off, and the signal's reason after an abort. Only a refusal for old
 * credentials (401) is tried again in here: who calls knows whether more is safe.
 */
export interface KubeClient {
  readonly access: KubeAccess;
  get<T extends KubeObject>(place: KubePlace, name: string): Promise<T>;
  list<T extends KubeObject>(place: KubePlace, query: Query, signal?: AbortSignal): Promise<KubeList<T>>;
  /** Makes the object; throws a conflict when one of that name exists. */
  create<T extends KubeObject>(object: T): Promise<T>;
  /** Replaces the object if it is still at its `resourceVersion`; throws a conflict otherwise. */
  replace<T extends KubeObject>(object: T): Promise<T>;
  /** Server-side apply: the fields given are ours and hold, whoever changed them; others stay. */
  apply<T extends KubeObject>(object: T): Promise<T>;
  /** A JSON merge patch. */
  merge<T extends KubeObject>(place: KubePlace, name: string, patch: unknown): Promise<T>;
  /** Begins the removal; false when there is none. */
  remove(place: KubePlace, name: string, options?: RemoveOptions): Promise<boolean>;
  /** An answer that is read as it comes: a watch or a log. The abort ends it. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<BodyReadable>;
  close(): Promise<void>;
}

export interface RemoveOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
}

/** Whoever reads managedFields sees this name. */
const FIELD_MANAGER = "conifer";
const REQUEST_WITHIN_MS = 30_000;

/** A request that is not answered to its end within `requestWithinMs` fails; streams are not limited. */
export function makeKubeClient(
  access: KubeAccess,
  { requestWithinMs = REQUEST_WITHIN_MS }: { readonly requestWithinMs?: number } = {},
): KubeClient {
  const connection = new KubeConnection(access);
  const call = makeCall(connection, requestWithinMs);
  const write = <T extends KubeObject>(object: T, how: "POST" | "PUT" | "PATCH"): Promise<T> => {
    const { namespace, name } = object.metadata;
    const kind = { ...object, plural: pluralOf(object) };
    return call<T>({
      method: how,
      path: objectPath(kind, how === "POST" ? { namespace } : { namespace, name }),
      query: { fieldManager: FIELD_MANAGER, ...(how === "PATCH" ? { force: true } : {}) },
      body: object,
      ...(how === "PATCH" ? { type: "application/apply-patch+yaml" } : {}),
    });
  };
  return {
    access,
    get: ({ kind, namespace }, name) => call({ method: "GET", path: objectPath(kind, { namespace, name }) }),
    list: async <T extends KubeObject>(place: KubePlace, query: Query, signal?: AbortSignal) =>
      readList<T>(await call({ method: "GET", path: objectPath(place.kind, place), query, signal }), place),
    create: (object) => write(object, "POST"),
    replace: (object) => write(object, "PUT"),
    apply: (object) => write(object, "PATCH"),
    merge: ({ kind, namespace }, name, patch) =>
      call({
        method: "PATCH",
        path: objectPath(kind, { namespace, name }),
        query: { fieldManager: FIELD_MANAGER },
        body: patch,
        type: "application/merge-patch+json",
      }),
    remove: async ({ kind, namespace }, name, options = {}) => {
      const path = objectPath(kind, { namespace, name });
      return await call({ method: "DELETE", path, body: deleteOptions(options) }).then(
        () => true,
        (thrown: unknown) => {
          if (isNotFound(thrown)) return false;
          throw thrown;
        },
      );
    },
    stream: async (path, query, signal) => {
      const request = {
        ...({ method: "GET", path: `${path}${queryText(query)}`, signal } as const),
        headers: { accept: "application/json, */*" },
      };
      const { statusCode, headers, body } = await connection.request(request).catch((thrown: unknown) => {
        throw signal.aborted ? thrown : new Error(`GET ${path}: ${errorText(thrown)}`, { cause: thrown });
      });
      // Who reads it hears of its end by reading; one that is not read yet must not end the process.
      body.on("error", () => {});
      if (statusCode < 300) return body;
      throw refusal(`GET ${path}`, { statusCode, headers, text: await body.text() });
    },
    close: () => connection.close(),
  };
}

interface Call {
  readonly method: KubeRequest["method"];
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
}

function makeCall(connection: KubeConnection, requestWithinMs: number): <T>(request: Call) => Promise<T> {
  return async <T>(request: Call): Promise<T> => {
    const limit = AbortSignal.timeout(requestWithinMs);
    const doing = `${request.method} ${request.path}`;
    const broken = (thrown: unknown) => {
      if (request.signal?.aborted) return thrown;
      const said = limit.aborted ? `no answer within ${requestWithinMs} ms` : errorText(thrown);
      return new Error(`${doing}: ${said}`, { cause: thrown });
    };
    const answer = await ask(connection, {
      method: request.method,
      path: `${request.path}${queryText(request.query ?? {})}`,
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": request.type ?? "application/json" }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: request.signal ? AbortSignal.any([request.signal, limit]) : limit,
    }).catch((thrown: unknown) => {
      throw broken(thrown);
    });
    if (answer.statusCode >= 300) throw refusal(doing, answer);
    return parseAnswer(doing, answer.text) as T;
  };
}

interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function ask(connection: KubeConnection, request: KubeRequest): Promise<Answer> {
  const { statusCode, headers, body } = await connection.request(request);
  return { statusCode, headers, text: await body.text() };
}

/** A parser's own words would quote the answer, which may be a Secret. */
function parseAnswer(doing: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null) return value;
  throw new Error(`${doing}: the answer is no JSON object; something between may have changed it`);
}

function refusal(doing: string, answer: Answer): KubeError {
  const retryAfter = answer.headers["retry-after"];
  return new KubeError(
    doing,
    readAnswer(answer.statusCode, answer.text, typeof retryAfter === "string" ? retryAfter : undefined),
  );
}

/** Items of a list come without their kind. */
function readList<T extends KubeObject>(answer: unknown, { kind }: KubePlace): KubeList<T> {
  const { metadata, items } = answer as {
    metadata?: { resourceVersion?: string; continue?: string };
    items?: T[] | null;
  };
  return {
    resourceVersion: metadata?.resourceVersion ?? "",
    continue: metadata?.continue || undefined,
    items: (items ?? []).map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
  };
}

function deleteOptions({ uid, resourceVersion, gracePeriodSeconds }: RemoveOptions) {
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(Object.keys(preconditions).length > 0 ? { preconditions } : {}),
  };
}

/** As English has it: of NetworkPolicy, PriorityClass and Pod. */
function pluralOf({ kind }: KubeObject): string {
  const name = kind.toLowerCase();
  if (name.endsWith("y")) return `${name.slice(0, -1)}ies`;
  return name.endsWith("s") ? `${name}es` : `${name}s`;
}

export function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}
