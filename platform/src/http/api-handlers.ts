import type { RouteDescription, RouteKey, Variant } from "@conifer/contract";
import type { AppRole, Page, PageRequest, Principal } from "../kernel/index.ts";

/** The app a path names, after authorization. */
export interface CalledApp {
  readonly id: string;
  readonly name: string;
  readonly role: AppRole;
}

/** One call of the API, past authentication, authorization and validation. */
export interface ApiCall {
  readonly route: RouteDescription;
  /** Which form of the resources to answer with: an unknown variant is base. */
  readonly variant: Variant;
  /** Path parameters by their name in the contract, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The checked body; `{}` when there is none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly principal: Principal;
  /** The app named by the path. Throws when the route names none. */
  readonly app: CalledApp;
  /** `https://localhost:6400`, as the caller reached it. */
  readonly origin: string;
  readonly requestId: string;
  /** The `Range` header, for a list that can be sorted by these fields; the first is the default. */
  page(fields: readonly string[]): PageRequest;
}

export interface ApiReply {
  /** Default: the contract's status for the route. */
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ApiHandler = (call: ApiCall) => Promise<ApiReply>;
/** The routes a capability serves. */
export type ApiHandlers = Partial<Record<RouteKey, ApiHandler>>;

/** A reply with one page of a list; `page` already holds what the caller may see. */
export interface ListReply {
  readonly request: PageRequest;
  readonly page: Page<Readonly<Record<string, unknown>>>;
  readonly fields: readonly string[];
}
