import { randomUUID } from "node:crypto";

/** Makes a lower-case UUID, the form of every id in the API (facts: platform API §4). */
export type NewId = () => string;

export const newId: NewId = () => randomUUID();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True when the text is an id and not a name: names may not have this form. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
