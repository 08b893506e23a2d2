import type { Variant } from "@conifer/contract";
import { findByIdentity, generations } from "../../apps/region/index.ts";
import { actorOf, type ReleaseImagesDependencies, releaseImages } from "../../delivery/release/index.ts";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { apiTime, invalidParams, notFound, pageOf } from "../../kernel/index.ts";
import { changeFormation, type FormationDependencies } from "./change-formation.ts";
import { type DynoSize, dynoSizes, findDynoSize } from "./dyno-size.ts";
import { type FormationType, type FormationUpdate, noSuchType } from "./formation.ts";
import { listFormation } from "./formation-store.ts";

const FIELDS = ["id", "type"];
const SIZE_FIELDS = ["id", "name"];

export interface FormationApiDependencies extends FormationDependencies, ReleaseImagesDependencies {}

export function formationHandlers(deps: FormationApiDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/formation": async (call) => {
      const request = call.page(FIELDS);
      const rows = (await listFormation(deps.db, call.app.id)).map((row) => present(row, call));
      return listReply({ request, page: pageOf(rows, request), fields: FIELDS });
    },
    "GET /apps/{app}/formation/{formation}": async (call) => ({
      body: present(await findType(call, deps), call),
    }),
    "PATCH /apps/{app}/formation": async (call) => {
      const { updates } = call.body as { updates: readonly Update[] };
      updates.forEach(requireChange);
      return { body: (await change(call, updates, deps)).map((row) => present(row, call)) };
    },
    "PATCH /apps/{app}/formation/{formation}": async (call) => {
      const before = await findType(call, deps);
      const [row] = await change(call, [{ ...(call.body as Update), type: before.type }], deps);
      // A type that was removed is shown as it was.
      return { body: present(row ?? before, call) };
    },
    "GET /dyno-sizes": async (call) => {
      const request = call.page(SIZE_FIELDS);
      return listReply({
        request,
        page: pageOf(
          dynoSizes.map((size) => presentSize(size, call.variant)),
          request,
        ),
        fields: SIZE_FIELDS,
      });
    },
    "GET /dyno-sizes/{dyno_size}": async (call) => {
      const size = findDynoSize(call.params.dyno_size ?? "");
      if (!size) throw notFound("dyno_size");
      return { body: presentSize(size, call.variant) };
    },
  };
}

interface Update {
  readonly type: string;
  readonly quantity?: number | string | null;
  readonly size?: unknown;
  readonly dyno_size?: unknown;
  readonly docker_image?: unknown;
}

/** Clients name a size as text, `{name}` or `{id}`, under `dyno_size` or the older `size`. */
function readUpdate({ quantity, size, dyno_size }: Update): Omit<FormationUpdate, "type"> {
  const named = dyno_size ?? size;
  if (typeof named !== "object" || named === null)
    return { quantity, size: named === undefined ? null : (named as string | null) };
  const { name, id } = named as { name?: string; id?: string };
  return { quantity, size: name ?? id ?? null };
}

/**
 * Releases images where updates name some, and then changes quantities and sizes. Returns the types that were named and are
 * there: those that only a new release has come with it.
 */
async function change(
  call: ApiCall,
  updates: readonly Update[],
  deps: FormationApiDependencies,
): Promise<readonly FormationType[]> {
  const [appId, actor] = [call.app.id, actorOf(call)];
  const images = updates.flatMap(({ type, docker_image: image }) =>
    image === undefined ? [] : [{ type, image: image as string | null }],
  );
  if (images.length > 0) await releaseImages({ appId, actor, updates: images }, deps);
  const scales = updates
    .filter(({ docker_image: image, quantity, size, dyno_size }) => {
      return image === undefined || [quantity, size, dyno_size].some((value) => value !== undefined);
    })
    .map((update) => ({ ...readUpdate(update), type: update.type }));
  if (images.length === 0 || scales.length > 0)
    await changeFormation({ appId, actor, updates: scales }, deps);
  const named = new Set(updates.map(({ type }) => type));
  return (await listFormation(deps.db, appId)).filter(({ type }) => named.has(type));
}

/** The client leaves `docker_image` out when what was pushed is an index: it has no config whose digest could be the id. */
function requireChange({ type, quantity, size, dyno_size, docker_image }: Update): void {
  if ([quantity, size, dyno_size, docker_image].some((value) => value !== undefined)) return;
  throw invalidParams(
    `The update of ${type.slice(0, 60)} says neither quantity nor size nor docker_image. If you released an image, push it for one platform: docker build --provenance=false, or skopeo copy without --all.`,
  );
}

/** By id or process type. */
async function findType(call: ApiCall, deps: FormationDependencies): Promise<FormationType> {
  const identity = call.params.formation ?? "";
  const rows = await listFormation(deps.db, call.app.id);
  const row = rows.find(({ id, type }) => id === identity || type === identity);
  if (!row)
    throw noSuchType(
      identity,
      rows.map(({ type }) => type),
    );
  return row;
}

function present(row: FormationType, call: ApiCall) {
  const size = findDynoSize(row.size);
  return {
    app: { id: call.app.id, name: call.app.name },
    command: row.command,
    created_at: apiTime(row.createdAt),
    dyno_size: { id: size?.id ?? row.size, name: row.size },
    id: row.id,
    quantity: row.quantity,
    size: row.size,
    type: row.type,
    updated_at: apiTime(row.updatedAt),
  };
}

const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";

/** Running on your own machine has no price: `cost` is null. */
function presentSize(size: DynoSize, variant: Variant) {
  return {
    ...(variant === "sdk"
      ? { can_autoscale: false, infrastructure_tier: size.tier, product_dyno_tier: size.tier }
      : {}),
    architecture: ARCHITECTURE,
    compute: size.compute,
    cost: null,
    dedicated: size.dedicated,
    generation: { id: findByIdentity(generations, size.generation)?.id, name: size.generation },
    id: size.id,
    memory: size.memory,
    name: size.name,
    precise_dyno_units: size.units,
    private_space_only: size.privateSpaceOnly,
  };
}
