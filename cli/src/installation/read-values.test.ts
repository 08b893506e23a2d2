import { describe, expect, test } from "vitest";
import { CliError } from "../cli-error.ts";
import { LARGE } from "./installation-fixtures.ts";
import { completeValues, readGiven } from "./read-values.ts";
import { VALUES } from "./value-table.ts";

const file = (text: string) => ({ name: "values.yaml", text });

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof CliError && thrown.failure === "usage") return thrown.message;
    throw thrown;
  }
  return "";
}

describe("what is given", () => {
  test("a file's nested names are paths", () => {
    const text = "image: x/y:1\nrouter:\n  kind: DaemonSet\n  annotations:\n    a.b/c: d\n";
    expect(readGiven({ file: file(text), sets: [] })).toEqual({
      image: "x/y:1",
      "router.kind": "DaemonSet",
      "router.annotations": { "a.b/c": "d" },
    });
  });

  test("paths may be written whole, and an empty file gives nothing", () => {
    expect(readGiven({ file: file("router.kind: DaemonSet"), sets: [] })).toEqual({
      "router.kind": "DaemonSet",
    });
    expect(readGiven({ file: file("# nothing\n"), sets: [] })).toEqual({});
  });

  test.each([
    ["router.replicas=3", { "router.replicas": 3 }],
    ["agent.enabled=true", { "agent.enabled": true }],
    ["image=a=b", { image: "a=b" }],
    ['domain="1"', { domain: "1" }],
    ["imagePullSecrets=[a, b]", { imagePullSecrets: ["a", "b"] }],
    ["settings.CONIFER_X=y", { settings: { CONIFER_X: "y" } }],
    ["storageClass=", { storageClass: null }],
  ])("--set %s", (set, values) => {
    expect(readGiven({ sets: [set] })).toEqual(values);
  });

  test("later ones win, and names of a map come together", () => {
    const sets = ["domain=b.example", "settings.CONIFER_B=2", "domain=c.example"];
    expect(readGiven({ file: file("domain: a.example\nsettings: { CONIFER_A: '1' }"), sets })).toEqual({
      domain: "c.example",
      settings: { CONIFER_A: "1", CONIFER_B: 2 },
    });
  });

  test.each([
    ["a: [", "values.yaml is no valid YAML"],
    ["- a", "values.yaml must hold names with values"],
    ["just text", "values.yaml must hold names with values"],
  ])("a file that is %j is refused", (text, said) => {
    expect(refusal(() => readGiven({ file: file(text), sets: [] }))).toContain(said);
  });

  test("what is wrong in a file is told without its words, which may be secret", () => {
    const said = refusal(() =>
      readGiven({ file: file("database:\n  url: 'postgres://u:hush\n x: ]"), sets: [] }),
    );
    expect(said).toContain("values.yaml is no valid YAML");
    expect(said).not.toContain("hush");
  });

  test.each(["router.replicas", "=3", ""])("--set %j is refused", (set) => {
    expect(refusal(() => readGiven({ sets: [set] }))).toContain("--set takes <path>=<value>");
  });

  test("--set with a value that is no YAML", () => {
    expect(refusal(() => readGiven({ sets: ["domain=[a"] }))).toContain("put it in quotes");
  });
});

describe("all values", () => {
  test("every one has a default that is right, or none", () => {
    const values = completeValues({});
    expect(Object.keys(values)).toEqual(Object.keys(VALUES));
    for (const { fallback, read } of Object.values(VALUES)) {
      if (fallback !== undefined) expect(read(fallback)).toEqual(fallback);
    }
  });

  test("null is as good as nothing", () => {
    expect(completeValues({ domain: null }).domain).toBe("localhost");
  });

  test("numbers in a map are texts", () => {
    expect(completeValues({ settings: { CONIFER_A: 1, CONIFER_B: true } }).settings).toEqual({
      CONIFER_A: "1",
      CONIFER_B: "true",
    });
  });

  test("what is given is taken", () => {
    expect(completeValues(LARGE)).toMatchObject(LARGE);
  });

  test.each([
    ["image", 3, "a text"],
    ["image", "", "a text"],
    ["imagePullPolicy", "Sometimes", "one of IfNotPresent, Always, Never"],
    ["domain", "under_score", "a host name"],
    ["domain", "Upper.example", "a host name"],
    ["adminEmail", "nobody", "an e-mail address"],
    ["appsNamespace", "-a", "a name of a namespace"],
    ["appsNamespace", "a".repeat(64), "a name of a namespace"],
    ["router.replicas", 0, "a whole number from 1 to 200"],
    ["router.replicas", 1.5, "a whole number from 1 to 200"],
    ["router.replicas", "2", "a whole number from 1 to 200"],
    ["agent.enabled", "yes", "true or false"],
    ["imagePullSecrets", "a", "a list of texts"],
    ["imagePullSecrets", [1], "a list of texts"],
    ["nodeSelector", { a: {} }, "names with texts"],
    ["nodeSelector", ["a"], "names with texts"],
    ["tolerations", ["a"], "a list of objects"],
    ["database.storage", "10 GB", "an amount of bytes"],
    ["database.storage", "0Gi", "an amount of bytes"],
    ["api.cpu", "1.2345", "processors"],
    ["api.memory", "-5Mi", "an amount of bytes"],
    ["registry.address", "no-port", "<host>:<port>"],
    ["registry.nodePort", 70_000, "a whole number from 1 to 65535"],
    ["runImage", "conifer/run:latest", "conifer/<name>@sha256:<digest>"],
    ["router.gateway", "public", "<namespace>/<name>"],
    ["metrics.namespaceSelector", "monitoring", "labels, such as"],
    ["metrics.namespaceSelector", { "a b": "c" }, "labels, such as"],
    ["metrics.namespaceSelector", { "/name": "c" }, "labels, such as"],
    ["metrics.namespaceSelector", { "-a": "c" }, "labels, such as"],
    ["metrics.namespaceSelector", { a: "b c" }, "labels, such as"],
    ["metrics.namespaceSelector", { a: "b".repeat(64) }, "labels, such as"],
    [
      "metrics.namespaceSelector",
      { kubernetes: { "io/metadata": { name: "monitoring" } } },
      "labels, such as",
    ],
  ])("%s is not %j", (name, given, form) => {
    const said = refusal(() => completeValues({ [name]: given }));
    expect(said).toContain(`${name} must be ${form}`);
    expect(said).toContain(JSON.stringify(given));
  });

  test("a secret that is wrong is not repeated", () => {
    const said = refusal(() => completeValues({ "database.url": "mysql://root:hush@db" }));
    expect(said).toContain("database.url must be a postgres:// address");
    expect(said).not.toContain("hush");
  });

  test.each(["short-hush", "hush with spaces in it", "hush".repeat(129)])("a token %j", (given) => {
    const said = refusal(() => completeValues({ "metrics.token": given }));
    expect(said).toContain("metrics.token must be 16 to 512 characters without spaces");
    expect(said).not.toContain("hush");
  });

  test.each([
    { "kubernetes.io/metadata.name": "monitoring" },
    { a: "", "b.c/D_e-f.1": "G_h-i.2" },
    { numbered: "1" },
  ])("labels %j", (labels) => {
    const set = `metrics.namespaceSelector=${JSON.stringify(labels)}`;
    const values = completeValues(readGiven({ sets: [set] }));
    expect(values["metrics.namespaceSelector"]).toEqual(labels);
  });

  test("all mistakes are told together", () => {
    const said = refusal(() =>
      completeValues({ domian: "x", replicas: 3, "Router.Kind": "x", "api.replicas": -1 }),
    );
    expect(said.split("\n").filter((line) => line.startsWith("  - "))).toHaveLength(4);
    expect(said).toContain("there is no value replicas; did you mean api.replicas?");
    expect(said).toContain("there is no value Router.Kind; did you mean router.kind?");
  });

  test("namespaces must differ, and settings must be Conifer's", () => {
    expect(refusal(() => completeValues({ appsNamespace: "a", buildsNamespace: "a" }))).toContain(
      "must differ",
    );
    expect(refusal(() => completeValues({ settings: { PATH: "/" } }))).toContain("not PATH");
  });

  test.each(["CONIFER_S3_REGION", "CONIFER_A", "CONIFER_TLS_PORT2", "OTEL_SERVICE_NAME"])(
    "%s may be a setting",
    (name) => {
      expect(completeValues({ settings: { [name]: "x" } }).settings).toEqual({ [name]: "x" });
    },
  );

  test.each([
    ...["CONIFER_", "CONIFER_1", "CONIFER_a", "XCONIFER_A"],
    ...["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_X", "XOTEL_SERVICE_NAME"],
  ])("%s may not be one", (name) => {
    expect(refusal(() => completeValues({ settings: { [name]: "x" } }))).toContain(`not ${name}`);
  });

  test.each(["collector:4318", "grpc://collector:4317", "http://user:hush@collector", "http://a b", ""])(
    "a collector at %j is refused, and not repeated",
    (address) => {
      for (const name of ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) {
        const said = refusal(() => completeValues({ settings: { [name]: address } }));
        expect(said).toContain(`settings.${name} must be an http or https address without a user`);
        expect(said).not.toContain("hush");
      }
    },
  );

  test.each([
    ["2Gi", "1Gi", true],
    ["1025Mi", "1Gi", true],
    ["1Gi", "1024Mi", false],
    ["1G", "1000M", false],
    ["1Gi", "1G", true],
    ["4096", "4Ki", false],
  ])("a role that asks for %s of at most %s is refused: %s", (asked, most, refused) => {
    const said = refusal(() => completeValues({ "worker.memory": asked, "worker.memoryLimit": most }));
    expect(said.includes(`worker.memory (${asked}) must not be more than worker.memoryLimit (${most})`)).toBe(
      refused,
    );
  });

  test("a bucket needs credentials, and several registries need a bucket", () => {
    expect(refusal(() => completeValues({ "registry.s3": "s3://images" }))).toContain(
      "registry.s3Credentials must name a Secret",
    );
    expect(refusal(() => completeValues({ "registry.replicas": 2 }))).toContain("only with a bucket");
    const whole = { "registry.s3": "s3://images", "registry.s3Credentials": "key", "registry.replicas": 2 };
    expect(completeValues(whole)).toMatchObject(whole);
  });
});
