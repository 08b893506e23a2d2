import { readZip } from "../../shared/zip-archive.ts";

export type Manifest = Readonly<Record<string, string>>;

/** The main section of a jar's manifest; undefined where the file is no jar or has none. */
export async function readManifest(jar: string): Promise<Manifest | undefined> {
  try {
    for await (const { content } of readZip(jar, (name) => name === "META-INF/MANIFEST.MF")) {
      return parseManifest(content.toString());
    }
  } catch {
    // A file that only has a jar's name is none.
  }
  return undefined;
}

/** Reads `Name: value` lines up to the first empty one; a line that begins with a space goes on (JAR specification). */
export function parseManifest(text: string): Manifest {
  const [main = ""] = text.replace(/\r\n?/g, "\n").replace(/\n /g, "").split(/\n\n/);
  const pairs = main.split("\n").flatMap((line) => {
    const [, name, value] = /^([A-Za-z0-9_-]+): (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()] as const];
  });
  return Object.fromEntries(pairs);
}
