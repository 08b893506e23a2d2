import type { Description, Shape } from "../src/shape.ts";

/** Splits `#app/name?` into its pieces; null for a text that names a scalar. */
export function referenceOf(
  text: string,
): { resource: string; part: string | null; nullable: boolean } | null {
  if (!text.startsWith("#")) return null;
  const nullable = text.endsWith("?");
  const [resource = "", part] = text.slice(1, nullable ? -1 : undefined).split("/");
  return { resource, part: part === undefined ? null : part.replaceAll("%3F", "?"), nullable };
}

/** What a reference points at. Throws when it points nowhere. */
export function lookUp(description: Description, text: string): { shape: Shape; nullable: boolean } {
  const target = referenceOf(text);
  if (target === null) throw new Error(`not a reference: ${text}`);
  const definition = description.definitions[target.resource];
  const shape = target.part === null ? definition?.shape : definition?.parts[target.part];
  if (shape === undefined || shape === null) throw new Error(`${text} points nowhere`);
  return { shape, nullable: target.nullable };
}

/** Replaces references by what they point at; those that `keep` accepts stay. */
export function inlined(
  description: Description,
  shape: Shape,
  keep: (text: string) => boolean = () => false,
): Shape {
  const inner = (child: Shape): Shape => inlined(description, child, keep);
  if (typeof shape === "string") {
    if (!shape.startsWith("#") || keep(shape)) return shape;
    const { shape: target, nullable } = lookUp(description, shape);
    return nullable ? withNull(inner(target)) : inner(target);
  }
  if ("anyOf" in shape) return { anyOf: flatChoices(shape.anyOf.map(inner)) };
  if ("list" in shape) return { ...shape, list: inner(shape.list) };
  if ("map" in shape) return { ...shape, map: inner(shape.map) };
  if ("fields" in shape) return { ...shape, fields: mapValues(shape.fields, inner) };
  return shape;
}

/** The same shape with null allowed. */
export function withNull(shape: Shape): Shape {
  if (typeof shape === "string") return shape.endsWith("?") || shape === "any" ? shape : `${shape}?`;
  if ("anyOf" in shape) return { anyOf: flatChoices([...shape.anyOf, { enum: [null] }]) };
  if ("enum" in shape) return shape.enum.includes(null) ? shape : { enum: [...shape.enum, null] };
  if ("is" in shape) return shape.is.endsWith("?") ? shape : { ...shape, is: `${shape.is}?` };
  return { ...shape, null: true };
}

function flatChoices(choices: readonly Shape[]): readonly Shape[] {
  const flat = choices.flatMap((choice) =>
    typeof choice !== "string" && "anyOf" in choice ? choice.anyOf : [choice],
  );
  return [...new Map(flat.map((choice) => [JSON.stringify(choice), choice])).values()];
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
