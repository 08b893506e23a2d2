import { expect, test } from "vitest";
import { explainDockerfile } from "./explain-dockerfile.ts";

const cases: readonly [string, string, RegExp][] = [
  [
    "a step that fails",
    'STEP 3/4: RUN npm ci\nnpm error\nError: building at STEP "RUN echo "a" && npm ci": exit status 1',
    /^Dockerfile could not be built\. The step RUN echo "a" && npm ci failed\. The lines above say why\.$/,
  ],
  [
    "a node without user namespaces",
    "unshare: unshare failed: No space left on device\n",
    /gives no user namespaces, in which steps run\. Its operator finds/,
  ],
  [
    "a file that is not there",
    'Error: building at STEP "COPY app.jar /": checking on sources under "/build/workspace": copier: stat: "/app.jar": no such file or directory',
    /COPY app\.jar \/ names a file that is not there.*\.dockerignore/,
  ],
  [
    "a base that its registry does not give",
    "Error: creating build container: reading manifest latest in docker.io/library/nothing: manifest unknown",
    /has no base image docker\.io\/library\/nothing:latest\. Check its name/,
  ],
  [
    "a base that wants a login",
    "Error: creating build container: initializing source docker://reg.example/a/b:1: reading manifest 1 in reg.example/a/b: unauthorized: authentication required",
    /gives the base image reg\.example\/a\/b:1 to nobody without a login: .*ask the operator to add the registry to CONIFER_PULL_CREDENTIALS\.$/,
  ],
  [
    "a stage that is not there",
    'Error: the target "slim" was not found in the provided Dockerfile',
    /has no stage slim: .*FROM … AS <name>/,
  ],
  [
    "a base without its registry",
    'Error: creating build container: short-name "node:24" did not resolve to an alias and no unqualified-search registries are defined',
    /base image node:24 is named without its registry\. Write all of it/,
  ],
  [
    "a registry that is away",
    'Error: initializing source docker://reg.example/x:1: pinging container registry reg.example: Get "https://reg.example/v2/": dial tcp: lookup reg.example: no such host',
    /cannot be reached from here.*CONIFER_PULL_REGISTRIES/,
  ],
  [
    "too few ids",
    'error setting supplemental groups list: operation not permitted\nError: building at STEP "RUN x": exit status 1',
    /need a range of user ids.*Run Conifer as root/,
  ],
  ["a full disk", "write /x: no space left on device", /disk is full/],
  [
    "a line that is none",
    "Error: dockerfile parse error on line 2: unknown instruction: FORM",
    /cannot be read: .*line 2/,
  ],
  ["anything else", "boom", /^Dockerfile could not be built \(exit status 3\)\. The lines above say why\.$/],
];

test.each(cases)("%s is told with what to change", (_, tail, message) => {
  expect(explainDockerfile({ dockerfile: "Dockerfile", tail, exitCode: 3 })).toMatch(message);
});

test("a login that is refused is the operator's to renew", () => {
  const tail =
    "Error: initializing source docker://reg.example/a:1: reading manifest 1 in reg.example/a: unauthorized";
  const message = explainDockerfile({ dockerfile: "Dockerfile", tail, exitCode: 125, withLogin: true });
  expect(message).toMatch(
    /refuses the operator's login for the base image reg\.example\/a:1: .*CONIFER_PULL_CREDENTIALS/,
  );
});

test.each([
  "pinging container registry a:",
  'building at STEP "COPY ',
  "reading manifest a in ",
  "initializing source docker://",
])("a line that goes on and on after %s costs little", (begin) => {
  const began = performance.now();
  explainDockerfile({ dockerfile: "Dockerfile", tail: begin + 'a": '.repeat(4_000), exitCode: 1 });
  explainDockerfile({ dockerfile: "Dockerfile", tail: begin + "a".repeat(16_000), exitCode: 1 });
  expect(performance.now() - began).toBeLessThan(1_000);
});

test("what was printed is told within bounds", () => {
  const tail = `Error: building at STEP "RUN ${"x".repeat(10_000)}": exit status 1`;
  expect(explainDockerfile({ dockerfile: "Dockerfile", tail, exitCode: 1 }).length).toBeLessThan(300);
});
