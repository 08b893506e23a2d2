import { BusinessError } from "./errors.ts";

/** A parsed `Range` header of a list (facts: platform API §4 "Lists and ranges"). */
export interface PageRequest {
  /** The field to sort by. */
  readonly field: string;
  readonly order: "asc" | "desc";
  /** Most items on the page, 1 to 1000. */
  readonly max: number;
  /** Where the page starts, in the direction of `order`. */
  readonly start?: { readonly value: string; readonly inclusive: boolean };
  /** Where the list ends, inclusive. */
  readonly end?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** True when items follow the last one. */
  readonly more: boolean;
}

export const DEFAULT_PAGE = 200;
export const LARGEST_PAGE = 1000;

/**
 * Parses a `Range` header: `[field ][\]|[]start..[end][; max=N, order=asc|desc]`. Options are separated by `,` or `;`,
 * spaces are optional, a trailing separator is allowed; an empty header is the default page.
 * Throws requested_range_not_satisfiable.
 */
export function parseRange(header: string | undefined, fields: readonly string[]): PageRequest {
  const text = header?.trim() ?? "";
  const fallback = fields[0] ?? "id";
  if (text === "") return { field: fallback, order: "asc", max: DEFAULT_PAGE };
  const [spec = "", ...options] = text.split(/[;,]/).map((part) => part.trim());
  const parsed = /^(?:([A-Za-z_]+)(?:\s+|$))?(?:([[\]])?([^.]*(?:\.(?!\.)[^.]*)*)\.\.(.*))?$/.exec(spec);
  if (!parsed) throw badRange(text);
  const [, field = fallback, bracket, start = "", end = ""] = parsed;
  if (!fields.includes(field)) throw badRange(text, `it can be sorted by ${fields.join(", ")}`);
  return {
    field,
    ...parseOptions(text, options),
    ...(start === "" ? {} : { start: { value: start, inclusive: bracket !== "]" } }),
    ...(end === "" ? {} : { end: end.replace(/[[\]]$/, "") }),
  };
}

function parseOptions(text: string, options: readonly string[]): Pick<PageRequest, "max" | "order"> {
  let max = DEFAULT_PAGE;
  let order: PageRequest["order"] = "asc";
  for (const option of options.filter((o) => o !== "")) {
    const [name, value = ""] = option.split("=").map((part) => part.trim());
    if (name === "order" && (value === "asc" || value === "desc")) order = value;
    else if (name === "max" && /^[1-9]\d{0,5}$/.test(value)) max = Math.min(Number(value), LARGEST_PAGE);
    else throw badRange(text);
  }
  return { max, order };
}

function badRange(text: string, hint = "try `id ..; max=200`"): BusinessError {
  return new BusinessError(
    "requested_range_not_satisfiable",
    `The range "${text.slice(0, 100)}" cannot be used: ${hint}.`,
  );
}

/** The headers of a list's answer. `Next-Range` is absent on the last page: clients follow it whenever it is there. */
export function pageHeaders(
  request: PageRequest,
  page: Page<Readonly<Record<string, unknown>>>,
  fields: readonly string[],
): { status: 200 | 206; headers: Record<string, string> } {
  const valueIn = (item: Readonly<Record<string, unknown>> | undefined) =>
    String(item?.[request.field] ?? "");
  const options = `max=${request.max}${request.order === "desc" ? ", order=desc" : ""}`;
  const headers: Record<string, string> = { "Accept-Ranges": fields.join(", ") };
  const last = valueIn(page.items.at(-1));
  if (page.items.length > 0) {
    headers["Content-Range"] = `${request.field} ${valueIn(page.items[0])}..${last}; ${options}`;
  }
  if (!page.more) return { status: 200, headers };
  headers["Next-Range"] = `${request.field} ]${last}..${request.end ?? ""}; ${options}`;
  return { status: 206, headers };
}

/** Cuts a page out of a whole list, for lists that are small by nature. Values compare as numbers or as text. */
export function pageOf<T extends object>(items: readonly T[], request: PageRequest): Page<T> {
  const direction = request.order === "asc" ? 1 : -1;
  const valueIn = (item: T) => (item as Record<string, unknown>)[request.field];
  const from = request.start;
  const wanted = [...items]
    .sort((a, b) => direction * compare(valueIn(a), valueIn(b)))
    .filter((item) => {
      const after = from ? direction * compare(valueIn(item), from.value) : 1;
      if (after < 0 || (after === 0 && !from?.inclusive)) return false;
      return request.end === undefined || direction * compare(valueIn(item), request.end) <= 0;
    });
  return { items: wanted.slice(0, request.max), more: wanted.length > request.max };
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number") return a - Number(b);
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
