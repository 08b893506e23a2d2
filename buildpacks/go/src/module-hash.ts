import { createHash } from "node:crypto";

/**
 * Go's hash of a module's files (golang.org/x/mod/sumdb/dirhash, "Hash1"): SHA-256 over a line
 * `<sha256 hex>  <name>` for each file in the order of the names' bytes, as `h1:<base64>`.
 */
export function makeModuleHash(): {
  add(name: string, content: Buffer): void;
  digest(): string;
} {
  const lines: { readonly name: Buffer; readonly line: string }[] = [];
  return {
    add(name, content) {
      if (name.includes("\n")) throw new Error("a file name holds a line break");
      const sum = createHash("sha256").update(content).digest("hex");
      lines.push({ name: Buffer.from(name), line: `${sum}  ${name}\n` });
    },
    digest() {
      const hash = createHash("sha256");
      for (const { line } of lines.sort((a, b) => Buffer.compare(a.name, b.name))) hash.update(line);
      return `h1:${hash.digest("base64")}`;
    },
  };
}
