/** All warnings of an answer together are at most as long as the specification allows. */
const MOST_BYTES = 4_096;
const AROUND = '299 - ""'.length;

/** The value of a `Warning` header (distribution-spec 1.1, "Warnings"): for people, who see it as it stands. */
export function warning(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, " ").replace(/["\\]/g, "'");
  return `299 - "${plain.slice(0, MOST_BYTES - AROUND)}"`;
}
