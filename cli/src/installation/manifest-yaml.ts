import { stringify } from "yaml";
import type { Manifest } from "./installation-names.ts";

/** Manifests as one YAML stream that `kubectl apply -f -` takes; the same objects always give the same text. */
export function manifestYaml(objects: readonly Manifest[]): string {
  return objects
    .map(
      (object) =>
        `---\n${stringify(object, { aliasDuplicateObjects: false, lineWidth: 0, indentSeq: false })}`,
    )
    .join("");
}
