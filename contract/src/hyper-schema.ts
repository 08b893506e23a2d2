import type { Description } from "./shape.ts";

export function hyperSchema(description: Description): Record<string, unknown> {
  return { definitions: description.definitions };
}
