import { describe, expect, test } from "vitest";
import { type ClusterCommand, DEFAULT_NAME, readArguments, USAGE } from "./cluster-arguments.ts";
import { ClusterError, EXIT_STATUS } from "./cluster-error.ts";

const name = DEFAULT_NAME;

describe("a command line", () => {
  test.each<[string, ClusterCommand]>([
    ["", { verb: "help" }],
    ["--help", { verb: "help" }],
    ["up -h", { verb: "help" }],
    ["up", { verb: "up", name, wishes: {} }],
    ["--name dev up", { verb: "up", name: "dev", wishes: {} }],
    ["up --name=dev", { verb: "up", name: "dev", wishes: {} }],
    [
      "up --nodes 3 --dual-stack --no-egress --registry registry.test:5000",
      {
        verb: "up",
        name,
        wishes: { nodes: 3, dualStack: true, egress: false, registry: "registry.test:5000" },
      },
    ],
    [
      "up --nodes=8 --no-dual-stack --egress",
      { verb: "up", name, wishes: { nodes: 8, dualStack: false, egress: true } },
    ],
    ["up --registry [fd00::1]:6450", { verb: "up", name, wishes: { registry: "[fd00::1]:6450" } }],
    ["build", { verb: "build" }],
    ["down", { verb: "down", name, keep: false }],
    ["down --keep", { verb: "down", name, keep: true }],
    ["status", { verb: "status", name, json: false }],
    ["status --json --name x1", { verb: "status", name: "x1", json: true }],
    ["kubeconfig", { verb: "kubeconfig", name }],
    ["kubectl get pods -A --name=x", { verb: "kubectl", name, rest: ["get", "pods", "-A", "--name=x"] }],
    ["--name dev kubectl --help", { verb: "kubectl", name: "dev", rest: ["--help"] }],
    ["kubectl", { verb: "kubectl", name, rest: [] }],
    [
      "node 2 ctr -n k8s.io images ls",
      { verb: "node", name, node: 2, rest: ["ctr", "-n", "k8s.io", "images", "ls"] },
    ],
    ["image /some/layout", { verb: "image", name, content: { kind: "layout", folder: "/some/layout" } }],
    [
      "image localhost/app:dev ./layout",
      {
        verb: "image",
        name,
        content: { kind: "layout", reference: "localhost/app:dev", folder: "./layout" },
      },
    ],
    [
      "image localhost/app:dev /tmp/a:b:/app /bin/busybox:/bin/busybox",
      {
        verb: "image",
        name,
        content: {
          kind: "files",
          reference: "localhost/app:dev",
          files: [
            { source: "/tmp/a:b", target: "/app" },
            { source: "/bin/busybox", target: "/bin/busybox" },
          ],
        },
      },
    ],
    ["scale --nodes 200", { verb: "scale", name, nodes: 200 }],
    ["scale --nodes 0", { verb: "scale", name, nodes: 0 }],
  ])("%s", (line, command) => {
    expect(readArguments(line.split(" ").filter(Boolean))).toEqual(command);
  });
});

describe("a mistake is named", () => {
  test.each([
    ["fly", "There is no command fly."],
    ["build --nodes 2", "build does not take --nodes."],
    ["up now", 'up takes no "now".'],
    ["up --nodes", "--nodes needs a value."],
    ["up --nodes=", "--nodes needs a value."],
    ["up --nodes 0", 'not "0"'],
    ["up --nodes 9", "from 1 to 8"],
    ["up --nodes two", 'not "two"'],
    ["up --nodes 1.5", 'not "1.5"'],
    ["up --nodes -1", 'not "-1"'],
    ["up --keep", "up does not take --keep."],
    ["down --nodes 3", "down does not take --nodes."],
    ["status --jsn", "There is no option --jsn."],
    ["up --egress --no-egress", "exclude each other"],
    ["up --registry registry.test", "<host:port>"],
    ["up --registry http://registry.test:5000", "<host:port>"],
    ["up --name Dev", "lower case"],
    ["up --name 1dev", "lower case"],
    ["up --name abcdefghijk", "lower case"],
    ["up --name ../etc", "lower case"],
    ["node 2", "a node's number and a command"],
    ["node x ls", 'not "x"'],
    ["image app /a:/b", "full reference"],
    ["image localhost/app:dev", "at least one"],
    ["image localhost/app:dev a", "<file>:</path>"],
    ["image localhost/app:dev /a:/b /c", "one folder of an image, or files"],
    ["image app /c", "full reference"],
    ["image localhost/app:dev :/a", "<file>:</path>"],
    ["image localhost/app:dev /a:b", "<file>:</path>"],
    ["scale", "scale takes --nodes"],
    ["scale --nodes 100000", "from 0 to 5000"],
  ])("%s", (line, message) => {
    const read = () => readArguments(line.split(" "));
    expect(read).toThrow(ClusterError);
    expect(read).toThrow(message);
    expect(read).toThrow("--help");
  });
});

test("the help names every command and option", () => {
  for (const word of ["up", "status", "down", "kubectl", "kubeconfig", "node", "image", "scale", "build"]) {
    expect(USAGE).toContain(`npm run cluster -- ${word}`);
  }
  for (const option of [
    "--name",
    "--nodes",
    "--dual-stack",
    "--no-egress",
    "--registry",
    "--json",
    "--keep",
  ]) {
    expect(USAGE).toContain(option);
  }
});

test("each kind of failure has a status of its own", () => {
  expect(new Set(Object.values(EXIT_STATUS)).size).toBe(3);
  expect(Object.values(EXIT_STATUS)).not.toContain(0);
});
