import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { installation } from "./installation-fixtures.ts";
import { secretShapes } from "./installation-keys.ts";
import { isPart, type Manifest, METRICS_SECRET } from "./installation-names.ts";
import { makeInstallation } from "./make-installation.ts";
import { completeValues, readGiven } from "./read-values.ts";
import { PORT, ROLES } from "./role-table.ts";

/** What the guide has people paste leads to every role of an installation, and to nothing else. */

const guide = readFileSync(join(import.meta.dirname, "../../../docs/guides/monitoring.md"), "utf8");
const section = guide.slice(guide.indexOf("### In a cluster"), guide.indexOf("### Worth an alert"));
const blocks = [...section.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => parse(text ?? ""));

const one = installation();
const pods = makeInstallation(one)
  .flatMap(({ objects }) => objects)
  .filter(({ kind }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind))
  .map(({ metadata, spec }) => ({
    namespace: metadata.namespace ?? "",
    template: (spec as { template: PodTemplate }).template,
  }));

interface PodTemplate {
  readonly metadata: Required<Pick<Manifest["metadata"], "labels">>;
  readonly spec: {
    readonly containers: readonly {
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    }[];
  };
}

/** The ports of the pods that have a label, in these namespaces. */
function portsOf(namespaces: readonly string[], [label, value]: readonly [string, string], port: string) {
  return pods
    .filter(
      ({ namespace, template }) =>
        namespaces.includes(namespace) && template.metadata.labels[label] === value,
    )
    .flatMap(({ template }) => template.spec.containers[0]?.ports.filter(({ name }) => name === port) ?? [])
    .map(({ containerPort }) => containerPort);
}

const everyRole = ROLES.filter((role) => isPart(role, one)).map(() => PORT.probes);

describe("the guide on monitoring", () => {
  test("has a PodMonitor that finds the probe port of every role, and the token beside itself", () => {
    const { metadata, spec } = blocks.find(({ kind }) => kind === "PodMonitor");
    const [label] = Object.entries(spec.selector.matchLabels) as [string, string][];
    const [endpoint, ...more] = spec.podMetricsEndpoints;
    // The alerts of the guide name their job so.
    for (const { template } of pods) expect(template.metadata.labels[spec.jobLabel]).toBe("conifer");
    expect(more).toEqual([]);
    expect(portsOf(spec.namespaceSelector.matchNames, label ?? ["", ""], endpoint.port)).toEqual(everyRole);
    const { name, key } = endpoint.authorization.credentials;
    const secret = secretShapes(one).find((shape) => shape.name === name);
    expect(secret).toMatchObject({ namespace: metadata.namespace, keys: [key] });
  });

  test("has a scrape configuration that finds the same", () => {
    const [config] = blocks.find((block) => "scrape_configs" in block).scrape_configs;
    const [discovery] = config.kubernetes_sd_configs;
    const [{ label }] = discovery.selectors;
    const [keep] = config.relabel_configs;
    expect(keep).toMatchObject({
      action: "keep",
      source_labels: ["__meta_kubernetes_pod_container_port_name"],
    });
    expect(portsOf(discovery.namespaces.names, label.split("="), keep.regex)).toEqual(everyRole);
  });

  test("names the Secret, and says a selector that is taken as it is written", () => {
    expect(section).toContain(`get secret ${METRICS_SECRET} -o jsonpath='{.data.token}'`);
    const [, set = ""] = /--set '([^']+)'/.exec(section) ?? [];
    expect(completeValues(readGiven({ sets: [set] }))["metrics.namespaceSelector"]).toEqual({
      "kubernetes.io/metadata.name": "monitoring",
    });
  });
});
