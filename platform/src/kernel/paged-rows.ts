import type { SelectQueryBuilder } from "kysely";
import { BusinessError } from "./errors.ts";
import type { Page, PageRequest } from "./pages.ts";

/** A column a list can be sorted by. `time` is shown, and so compared, in whole seconds. */
export interface PagedColumn<T> {
  /** The column as the statement names it: `releases.version`. */
  readonly column: string;
  readonly holds: "text" | "number" | "time";
  /** The row's time, of a `time` column. */
  readonly timeOf?: (row: T) => Date;
}

// biome-ignore lint/suspicious/noExplicitAny: any statement that yields rows of T can be paged
type Rows<T> = SelectQueryBuilder<any, any, T>;

/**
 * One page of what a statement selects, by `columns` of the API's field names. Throws
 * requested_range_not_satisfiable for a bound that is no value of the column. Rows whose time is the same to the
 * second stay on one page where they fit, as a client can only go on after a second.
 */
export async function pageOfRows<T>(
  rows: Rows<T>,
  page: PageRequest,
  columns: Readonly<Record<string, PagedColumn<T>>>,
): Promise<Page<T>> {
  const sorted = columns[page.field];
  if (!sorted) throw new Error(`no column for the field ${page.field}`);
  let wanted = rows.orderBy(sorted.column, page.order).limit(page.max + 1);
  for (const { least, inclusive, value } of boundsOf(page))
    wanted = within(wanted, sorted, { least, inclusive, value });
  const found = await wanted.execute();
  const items = found.slice(0, page.max);
  const next = found[page.max];
  if (next === undefined) return { items, more: false };
  return { items: sorted.timeOf ? wholeSeconds(items, next, sorted.timeOf) : items, more: true };
}

interface Bound {
  /** A lower bound; else an upper one. */
  readonly least: boolean;
  readonly inclusive: boolean;
  readonly value: string;
}

function boundsOf({ order, start, end }: PageRequest): readonly Bound[] {
  const ascending = order === "asc";
  return [
    ...(start ? [{ least: ascending, ...start }] : []),
    ...(end === undefined ? [] : [{ least: !ascending, inclusive: true, value: end }]),
  ];
}

function within<T>(rows: Rows<T>, { column, holds }: PagedColumn<T>, bound: Bound): Rows<T> {
  const { least, inclusive, value } = bound;
  const operator = `${least ? ">" : "<"}${inclusive ? "=" : ""}` as const;
  if (holds === "text") return rows.where((eb) => eb(eb.cast(eb.ref(column), "text"), operator, value));
  if (holds === "number") return rows.where(column, operator, numberIn(value));
  // A second holds many moments: `> 10:00:00` starts at 10:00:01, `<= 10:00:00` ends before it.
  const second = timeIn(value);
  const later = new Date(second.getTime() + 1_000);
  if (least) return rows.where(column, ">=", inclusive ? second : later);
  return rows.where(column, "<", inclusive ? later : second);
}

/** Versions are also written `v12`. */
function numberIn(value: string): number {
  const digits = /^v?(\d{1,9})$/.exec(value)?.[1];
  if (digits === undefined) throw badBound(value, "a number");
  return Number(digits);
}

function timeIn(value: string): Date {
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) throw badBound(value, "a time such as 2026-01-02T03:04:05Z");
  return new Date(Math.floor(time.getTime() / 1_000) * 1_000);
}

function badBound(value: string, wanted: string): BusinessError {
  return new BusinessError(
    "requested_range_not_satisfiable",
    `"${value.slice(0, 60)}" cannot bound this range: it must be ${wanted}.`,
  );
}

/** Leaves out the rows of the last second when the next page begins within it, unless nothing would be left. */
function wholeSeconds<T>(items: readonly T[], next: T, timeOf: (row: T) => Date): readonly T[] {
  const second = (row: T) => Math.floor(timeOf(row).getTime() / 1_000);
  const whole = items.filter((row) => second(row) !== second(next));
  return whole.length > 0 ? whole : items;
}
