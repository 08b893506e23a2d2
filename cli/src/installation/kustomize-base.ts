import { makeInstallation } from "./make-installation.ts";
import { manifestYaml } from "./manifest-yaml.ts";
import { completeValues } from "./read-values.ts";

/** Files of the base, by name: a stage each, with the values' defaults and without any key. */
export function kustomizeBase(version: string): Readonly<Record<string, string>> {
  const stages = makeInstallation({ namespace: "conifer-system", version, values: completeValues({}) });
  const files = stages.map(
    ({ name, objects }) => [`${name}.yaml`, `# @generated\n${manifestYaml(objects)}`] as const,
  );
  const list = files.map(([name]) => `  - ${name}\n`).join("");
  const kustomization = `# @generated\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${list}`;
  return { ...Object.fromEntries(files), "kustomization.yaml": kustomization };
}
