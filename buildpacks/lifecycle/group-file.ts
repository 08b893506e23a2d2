import { EXIT, PhaseError } from "./phase-error.ts";
import { readToml, tables, text } from "./toml-files.ts";

/** A buildpack of the detected group. */
export interface GroupMember {
  readonly id: string;
  readonly version: string;
  readonly api: string;
  readonly homepage: string;
}

/** Reads `group.toml`. Throws when detection has not written it. */
export async function readGroup(path: string): Promise<GroupMember[]> {
  const file = await readToml(path);
  if (!file) throw new PhaseError(EXIT.failed, `${path} is missing. Run the detector first.`);
  return tables(file.group).map((entry) => ({
    id: text(entry.id),
    version: text(entry.version),
    api: text(entry.api),
    homepage: text(entry.homepage),
  }));
}
