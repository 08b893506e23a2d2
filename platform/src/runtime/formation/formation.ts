import { BusinessError, invalidParams } from "../../kernel/index.ts";
import { type DynoSize, defaultSize, dynoSizes, findDynoSize } from "./dyno-size.ts";

/** How many dynos of a process type should run, and how large. */
export interface FormationType {
  readonly id: string;
  readonly appId: string;
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
  /** As users see it. */
  readonly command: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Most dynos of one process type. */
export const MOST_DYNOS = 100;

/** What a call asks of one process type. */
export interface FormationUpdate {
  readonly type: string;
  /** `2`, `"2"`, `"+1"`, `"-1"`: clients send text (facts: CLI client §2). */
  readonly quantity?: number | string | null;
  readonly size?: string | null;
}

/** The quantity an update leads to. Throws invalid_params. */
export function quantityAfter(before: number, wanted: number | string): number {
  const text = String(wanted).trim();
  if (!/^[+-]?\d{1,6}$/.test(text))
    throw invalidParams(`"${text.slice(0, 20)}" is no quantity. Use a number such as 2, +1 or -1.`);
  const relative = /^[+-]/.test(text);
  const quantity = relative ? Math.max(0, before + Number(text)) : Number(text);
  if (quantity > MOST_DYNOS) throw invalidParams(`A process type can have at most ${MOST_DYNOS} dynos.`);
  return quantity;
}

/**
 * The rows that updates change, as they are afterwards. Throws not_found for a type that is not there, invalid_params
 * for what is no quantity or size.
 */
export function applyUpdates(
  before: readonly FormationType[],
  updates: readonly FormationUpdate[],
): readonly FormationType[] {
  const rows = new Map(before.map((row) => [row.type, row]));
  const named = new Set<string>();
  for (const { type, quantity, size } of updates) {
    const row = rows.get(type);
    if (!row) throw noSuchType(type, [...rows.keys()]);
    named.add(type);
    rows.set(type, {
      ...row,
      quantity:
        quantity === null || quantity === undefined ? row.quantity : quantityAfter(row.quantity, quantity),
      size: size ? requireDynoSize(size).name : row.size,
    });
  }
  return [...rows.values()].filter(({ type }) => named.has(type));
}

/** Throws invalid_params with the sizes there are. */
export function requireDynoSize(identity: string): DynoSize {
  const size = findDynoSize(identity);
  if (size) return size;
  const names = dynoSizes.map(({ name }) => name).join(", ");
  throw invalidParams(`There is no dyno size ${identity.slice(0, 60)}. Sizes are ${names}.`);
}

export function noSuchType(type: string, types: readonly string[]): BusinessError {
  const known = types.length > 0 ? `It has ${types.join(", ")}.` : "It has none before its first deploy.";
  return new BusinessError("not_found", `The app has no process type ${type.slice(0, 60)}. ${known}`, {
    resource: "formation",
  });
}

/** A process type as a release's image declares it. */
export interface DeclaredProcess {
  readonly type: string;
  readonly command: string;
}

export interface FormationDelta {
  readonly added: readonly (DeclaredProcess & { readonly quantity: number; readonly size: string })[];
  readonly removed: readonly string[];
  readonly changed: readonly DeclaredProcess[];
}

/**
 * What a release's process types change in a formation. `web` starts with one dyno, every other type with none; a
 * type that the release lacks disappears; `release` is never a part of it. (facts: runtime §1, §2)
 */
export function formationDelta(
  before: readonly FormationType[],
  declared: readonly DeclaredProcess[],
): FormationDelta {
  const wanted = new Map(
    declared.filter(({ type }) => type !== "release").map((process) => [process.type, process]),
  );
  const known = new Map(before.map((row) => [row.type, row]));
  const size = before.find((row) => row.type === "web")?.size ?? defaultSize.cedar;
  return {
    added: [...wanted.values()]
      .filter(({ type }) => !known.has(type))
      .map((process) => ({ ...process, quantity: process.type === "web" ? 1 : 0, size })),
    removed: before.filter(({ type }) => !wanted.has(type)).map(({ type }) => type),
    changed: [...wanted.values()].filter(
      ({ type, command }) => known.has(type) && known.get(type)?.command !== command,
    ),
  };
}
