const width = 110;

/** Prints JSON with two-space indents where a value that fits on its line stays on it. Keys keep their order. */
export function compactJson(value: unknown, indent = "", used = 0): string {
  const line = oneLine(value);
  if (indent.length + used + line.length <= width || !isContainer(value)) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const rows = isList
    ? value.map((item) => `${inner}${compactJson(item, inner)}`)
    : Object.entries(value).map(([key, item]) => {
        const label = `${JSON.stringify(key)}: `;
        return `${inner}${label}${compactJson(item, inner, label.length + 1)}`;
      });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
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
