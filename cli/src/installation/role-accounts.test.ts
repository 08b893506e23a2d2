import { describe, expect, test } from "vitest";
import { installation } from "./installation-fixtures.ts";
import { makeAccount, placeName, RIGHTS } from "./role-accounts.ts";
import { ROLE, ROLES, type Role } from "./role-table.ts";

/** Who may do what where, as a page that can be read from top to bottom. */
const EXPECTED = `
worker apps secrets configmaps pods: get list watch create update patch delete
worker apps replicasets: get list watch create update patch delete
worker apps pods/log: get
worker apps pods/attach pods/exec: get create
worker apps networkpolicies: get list watch create update patch delete
worker apps resourcequotas limitranges: get list watch create update patch delete
worker apps serviceaccounts: get list watch create update patch
worker apps namespaces {place}: get patch
worker builds secrets configmaps pods: get list watch create update patch delete
worker builds pods/log: get
worker builds networkpolicies: get create patch
worker builds resourcequotas: get create patch
worker builds namespaces {place}: get patch
worker dockerfiles secrets configmaps pods: get list watch create update patch delete
worker dockerfiles pods/log: get
worker dockerfiles networkpolicies: get create patch
worker dockerfiles resourcequotas: get create patch
worker dockerfiles namespaces {place}: get patch
worker system leases: get create update
api apps pods: get list watch create patch delete
api apps secrets: get create
api apps pods/attach pods/exec: get create
api apps configmaps: get list watch
api apps replicasets: get list watch
router apps configmaps pods: get list watch
agent apps pods: get list watch
`;

test("the rights are these and no others", () => {
  const said = RIGHTS.map(({ role, place, resources, verbs, names = [] }) =>
    [`${[role, place, ...resources, ...names].join(" ")}:`, ...verbs].join(" "),
  );
  expect(`\n${said.join("\n")}\n`).toBe(EXPECTED);
});

describe("no account may", () => {
  test.each([
    ["do what is not named", /\*/],
    ["give rights", /^(?:bind|escalate|impersonate)$/],
  ])("%s", (_what, word) => {
    for (const { verbs, resources, group } of RIGHTS) {
      for (const one of [...verbs, ...resources, group]) expect(one).not.toMatch(word);
    }
  });

  test.each(["roles", "rolebindings", "nodes", "serviceaccounts/token", "pods/ephemeralcontainers"])(
    "touch %s",
    (resource) => {
      expect(RIGHTS.flatMap(({ resources }) => resources)).not.toContain(resource);
    },
  );

  test("read a Secret of the system namespace", () => {
    const there = RIGHTS.filter(({ place }) => place === "system").flatMap(({ resources }) => resources);
    expect(there).toEqual(["leases"]);
  });
});

test.each(ROLES)("%s has rights only if it has an account", (role) => {
  expect(RIGHTS.some((one) => one.role === role)).toBe(ROLE[role].account);
});

describe("as objects", () => {
  const objects = (role: Role) => makeAccount(role, installation());

  test("one account, and a role with its binding for each namespace", () => {
    const said = objects("worker").map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
    );
    expect(said).toEqual([
      "ServiceAccount conifer-system/conifer-worker",
      "Role conifer-apps/conifer-worker",
      "RoleBinding conifer-apps/conifer-worker",
      "Role conifer-builds/conifer-worker",
      "RoleBinding conifer-builds/conifer-worker",
      "Role conifer-system/conifer-worker",
      "RoleBinding conifer-system/conifer-worker",
    ]);
  });

  test("the agent's account lives where the agent does", () => {
    const [account, , binding] = objects("agent");
    expect(account?.metadata.namespace).toBe("conifer-agents");
    expect(binding?.subjects).toEqual([
      { kind: "ServiceAccount", name: "conifer-agent", namespace: "conifer-agents" },
    ]);
  });

  test("a namespace is named where a right is for it alone", () => {
    const role = objects("worker").find(
      ({ kind, metadata }) => kind === "Role" && metadata.namespace === "conifer-apps",
    );
    expect(role?.rules).toContainEqual({
      apiGroups: [""],
      resources: ["namespaces"],
      verbs: ["get", "patch"],
      resourceNames: ["conifer-apps"],
    });
  });

  test("places follow the values", () => {
    const one = installation({ appsNamespace: "a", buildsNamespace: "b" }, "s");
    expect((["apps", "builds", "system"] as const).map((place) => placeName(place, one))).toEqual([
      "a",
      "b",
      "s",
    ]);
  });
});
