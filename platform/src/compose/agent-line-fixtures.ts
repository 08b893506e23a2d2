/** Lines of all lengths, of characters that entries cut in two; some are empty but for their number. */
export function textOfLine(i: number): string {
  return `${i} ${"grün – 松 ".repeat(i % 97 === 0 ? 90 : i % 7)}`.trimEnd();
}
