import { parseReference } from "./reference-parts.ts";
import { type TomlTable, tables, text, texts } from "./toml-files.ts";

/** An entry of `run.toml`: one run image under several names. */
export interface RunImageNames {
  readonly image: string;
  readonly mirrors: readonly string[];
}

export function readRunImages(file: TomlTable | undefined): RunImageNames[] {
  return tables(file?.images).map((entry) => ({ image: text(entry.image), mirrors: texts(entry.mirrors) }));
}

/**
 * The name to take a run image by (Platform API 0.15, "Run Image Resolution"): one in the registry of the application's
 * image, else the first, of those that can be read. Undefined when none can.
 */
export async function chooseRunImage(
  { image, mirrors }: RunImageNames,
  app: string,
  canRead: (name: string) => Promise<boolean>,
): Promise<string | undefined> {
  const names = [image, ...mirrors].filter((name) => name !== "");
  const { registry } = parseReference(app);
  const near = (name: string) => parseReference(name).registry === registry;
  const readable: string[] = [];
  for (const name of names) if (await canRead(name)) readable.push(name);
  return readable.find(near) ?? readable[0];
}

/** All names of a run image that was taken by one: of the entry that has it, else of the first; else only this one. */
export function namesOf(images: readonly RunImageNames[], name: string): RunImageNames {
  const has = ({ image, mirrors }: RunImageNames) => image === name || mirrors.includes(name);
  return images.find(has) ?? images[0] ?? { image: name, mirrors: [] };
}
