// Who may import whom. The name of a rule is the sentence that a violation reads as.

/** Capabilities along the path of a push, upstream first, and those that stand beside it. */
const PATH = ["accounts", "apps", "delivery", "runtime", "edge"];
const BESIDE = ["observe", "addons", "billing", "workflows"];
const CAPABILITIES = [...PATH, ...BESIDE];
const CAPABILITY = `^platform/src/(?:${CAPABILITIES.join("|")})/`;
const TEST_ONLY = "\\.test\\.ts$|-(?:fixtures|suite|fake)\\.ts$";

const folder = (name) => `^platform/src/${name}/`;
const anyOf = (names) => `^platform/src/(?:${names.join("|")})/`;

/** What each capability may import beside itself and the kernel. */
const MAY_IMPORT = {
  accounts: [],
  apps: ["accounts"],
  delivery: ["accounts", "apps", "observe"],
  runtime: ["accounts", "apps", "delivery", "observe"],
  edge: ["accounts", "apps", "delivery", "runtime", "observe"],
  observe: ["accounts", "apps"],
  addons: ["accounts", "apps", "delivery"],
  billing: ["accounts", "apps"],
  workflows: CAPABILITIES.filter((name) => name !== "billing"),
};

function direction(name, allowed) {
  const refused = CAPABILITIES.filter((other) => other !== name && !allowed.includes(other));
  const said = allowed.length > 0 ? `only-${allowed.join("-and-")}` : "no-other-capability";
  return {
    name: `${name}-may-import-${said}`,
    comment: "Imports point upstream; events flow downstream.",
    severity: "error",
    from: { path: folder(name), pathNot: TEST_ONLY },
    to: { path: anyOf(refused) },
  };
}

export default {
  forbidden: [
    {
      name: "imports-never-go-in-a-circle",
      comment: "Split what both sides need into a file of its own.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "the-contract-depends-on-nothing-of-ours",
      severity: "error",
      from: { path: "^contract/" },
      to: { path: "^(?:platform|conformance|tools)/" },
    },
    {
      name: "the-kernel-imports-nothing-but-the-contract",
      comment: "Words everybody shares, without I/O.",
      severity: "error",
      from: { path: folder("kernel"), pathNot: TEST_ONLY },
      to: { path: "^(?:platform/src/(?!kernel/)|conformance/|tools/)" },
    },
    ...Object.entries(MAY_IMPORT).map(([name, allowed]) => direction(name, allowed)),
    {
      name: "a-capability-is-entered-through-its-door",
      comment: "What its index.ts does not list may change freely.",
      severity: "error",
      from: { path: `${CAPABILITY}([^/]+)/`, pathNot: TEST_ONLY },
      to: { path: `${CAPABILITY}([^/]+)/(?!index\\.ts$)`, pathNot: `${CAPABILITY}$1/` },
    },
    {
      name: "others-enter-a-capability-through-its-door",
      severity: "error",
      from: { path: "^platform/src/(?:http|drivers|compose)/", pathNot: TEST_ONLY },
      to: { path: `${CAPABILITY}[^/]+/(?!index\\.ts$)` },
    },
    {
      name: "capabilities-declare-ports-and-never-import-drivers",
      severity: "error",
      from: { path: CAPABILITY, pathNot: TEST_ONLY },
      to: { path: folder("drivers") },
    },
    {
      name: "only-compose-sees-everything",
      comment: "Wiring happens once, at the top.",
      severity: "error",
      from: { path: "^platform/src/(?!compose/)" },
      to: { path: folder("compose") },
    },
    {
      name: "the-web-shell-imports-no-driver",
      severity: "error",
      from: { path: folder("http"), pathNot: TEST_ONLY },
      to: { path: folder("drivers") },
    },
    {
      name: "engines-never-import-each-other",
      severity: "error",
      from: { path: "^platform/src/drivers/(embedded|kubernetes)/" },
      to: { path: "^platform/src/drivers/(?:embedded|kubernetes)/", pathNot: "^platform/src/drivers/$1/" },
    },
    {
      name: "a-driver-is-entered-through-its-door",
      severity: "error",
      from: { path: "^platform/src/(?:drivers/([^/]+/[^/]+)/|compose/)", pathNot: TEST_ONLY },
      to: {
        path: "^platform/src/drivers/[^/]+/[^/]+/(?!index\\.ts$)",
        pathNot: "^platform/src/drivers/$1/",
      },
    },
    {
      name: "conformance-knows-a-url-and-the-contract",
      severity: "error",
      from: { path: "^conformance/" },
      to: { path: "^(?:platform|tools)/" },
    },
    {
      name: "the-command-line-knows-of-the-platform-what-its-package-exports",
      comment:
        "Clients of clusters and registries, and what makes keys; an installation is objects, not our processes.",
      severity: "error",
      from: { path: "^cli/", pathNot: TEST_ONLY },
      to: {
        path: "^(?:platform|conformance|tools)/",
        pathNot:
          "^platform/src/(?:drivers/kubernetes/(?:builds|client)|drivers/embedded/local|drivers/registry/client|delivery/registry|edge/certificate)/index\\.ts$|^platform/src/(?:delivery/(?:attestation/key-command|rebase/rebase-command)|compose/home)\\.ts$",
      },
    },
    {
      name: "nothing-imports-the-command-line",
      severity: "error",
      from: { path: "^(?:contract|platform|conformance)/" },
      to: { path: "^cli/" },
    },
    {
      name: "fixtures-are-for-tests",
      severity: "error",
      from: { pathNot: `${TEST_ONLY}|^bench/|^conformance/|^tools/` },
      to: { path: TEST_ONLY },
    },
    {
      name: "packages-are-declared-where-they-are-used",
      severity: "error",
      from: { pathNot: "^tools/|\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(?:^|/)node_modules/|^examples/|^contract/src/generated/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    parser: "swc",
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".json"],
      conditionNames: ["import", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
