import { type ApiCall, type ApiHandlers, type ApiReply, listReply } from "../../http/index.ts";
import { notFound, pageOf } from "../../kernel/index.ts";
import {
  findByIdentity,
  type Generation,
  generations,
  type Region,
  regions,
  type Stack,
  stacks,
} from "./region.ts";

/** These lists come with Conifer; the time is that of their first version. */
const SINCE = "2026-11-21T00:00:00Z";
const FIELDS = ["id", "name"];

export function regionHandlers(): ApiHandlers {
  return {
    "GET /regions": async (call) => page(call, regions.map(presentRegion)),
    "GET /regions/{region}": async (call) => one(call, "region", regions, presentRegion),
    "GET /stacks": async (call) =>
      page(
        call,
        stacks.map((stack) => presentStack(stack, call)),
      ),
    "GET /stacks/{stack}": async (call) => one(call, "stack", stacks, (stack) => presentStack(stack, call)),
    "GET /generations": async (call) =>
      page(
        call,
        generations.map((generation) => presentGeneration(generation, call)),
      ),
    "GET /generations/{generation}": async (call) =>
      one(call, "generation", generations, (generation) => presentGeneration(generation, call)),
  };
}

function page(call: ApiCall, bodies: readonly Readonly<Record<string, unknown>>[]): ApiReply {
  const request = call.page(FIELDS);
  return listReply({ request, page: pageOf(bodies, request), fields: FIELDS });
}

function one<T extends { readonly id: string; readonly name: string }>(
  call: ApiCall,
  resource: string,
  ...[items, present]: [readonly T[], (item: T) => unknown]
): ApiReply {
  const found = findByIdentity(items, call.params[call.route.params[0] ?? ""] ?? "");
  if (!found) throw notFound(resource);
  return { body: present(found) };
}

function presentRegion(region: Region) {
  return {
    id: region.id,
    name: region.name,
    description: region.description,
    country: region.country,
    locale: region.locale,
    private_capable: false,
    provider: { name: "conifer", region: region.providerRegion },
    created_at: SINCE,
    updated_at: SINCE,
  };
}

function presentStack(stack: Stack, _call: ApiCall) {
  const { id, name, state } = stack;
  return { id, name, state, default: stack.default, created_at: SINCE, updated_at: SINCE };
}

function presentGeneration(generation: Generation, call: ApiCall) {
  const base = { id: generation.id, name: generation.name, created_at: SINCE, updated_at: SINCE };
  if (call.variant === "base") return base;
  return { ...base, unsupported_features: generation.unsupportedFeatures, expanded_supported_features: [] };
}
