/** A header or trailer field. Values are kept byte for byte: one character per byte (latin1), outer blanks removed. */
export interface Field {
  readonly name: string;
  /** The name in lower case, for comparing. */
  readonly lower: string;
  readonly value: string;
}

export interface FieldLimits {
  readonly fields: number;
  readonly nameBytes: number;
  readonly lineBytes: number;
}

/** A token as RFC 9110 §5.6.2 spells it: methods and field names are tokens. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What may stand nowhere in a head: control characters, and line ends other than CRLF. */
const FORBIDDEN = /[^\t\r\n -~\x80-\xff]|\r(?!\n)|(?:^|[^\r])\n/;

/** Why fields were not taken. `too-long` names the line that is over the limit, in lower case. */
export type FieldFault =
  | { readonly kind: "malformed" }
  | { readonly kind: "too-many" }
  | { readonly kind: "too-long"; readonly line: string };

export function isFieldFault(outcome: readonly Field[] | FieldFault): outcome is FieldFault {
  return "kind" in outcome;
}

/** True when a head, or a part of it, holds bytes that no head may hold. */
export function hasForbiddenBytes(text: string): boolean {
  return FORBIDDEN.test(text);
}

/**
 * Reads field lines (RFC 9112 §5). Folded lines, blanks before the colon and names that are no tokens are malformed:
 * two readers could see two different messages in them.
 */
export function parseFields(
  lines: readonly string[],
  from: number,
  limits: FieldLimits,
): Field[] | FieldFault {
  if (lines.length - from > limits.fields) return { kind: "too-many" };
  const fields: Field[] = [];
  for (let i = from; i < lines.length; i += 1) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    if (colon < 1 || !TOKEN.test(name)) return { kind: "malformed" };
    if (line.length > limits.lineBytes || colon > limits.nameBytes)
      return { kind: "too-long", line: name.toLowerCase() };
    fields.push({ name, lower: name.toLowerCase(), value: withoutBlanks(line, colon + 1) });
  }
  return fields;
}

/** The members of a comma separated list, in lower case. */
export function listMembers(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((member) => withoutBlanks(member, 0))
    .filter((member) => member !== "");
}

/** Optional white space is blank and tab only; `trim` would also take bytes that are part of the value. */
export function withoutBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
