/** Wide enough for one operation of an endpoint. */
const width = 160;

/** Prints JSON with two-space indents where a value that fits on its line stays on it. Keys keep their order. */
export function compactJson(value: unknown): string {
  return print(value, "", 0);
}

function print(value: unknown, indent: string, used: number): string {
  const line = oneLine(value);
  if (!isContainer(value) || indent.length + used + line.length <= width) return line;
  const inner = `${indent}  `;
  const rows = Array.isArray(value)
    ? value.map((item) => inner + print(item, inner, 0))
    : Object.entries(value).map(([key, item]) => {
        const label = `${JSON.stringify(key)}: `;
        return inner + label + print(item, inner, label.length + 1);
      });
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${rows.join(",\n")}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (!isContainer(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
