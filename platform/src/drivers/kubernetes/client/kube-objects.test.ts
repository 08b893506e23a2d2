import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KIND, type KubeKind, objectPath } from "./kube-objects.ts";

describe("the path of an object", () => {
  test.each<[KubeKind, { namespace?: string; name?: string }, string]>([
    [KIND.pod, {}, "/api/v1/pods"],
    [KIND.pod, { namespace: "apps" }, "/api/v1/namespaces/apps/pods"],
    [KIND.pod, { namespace: "apps", name: "web" }, "/api/v1/namespaces/apps/pods/web"],
    [KIND.configMap, { namespace: "apps" }, "/api/v1/namespaces/apps/configmaps"],
    [KIND.secret, { namespace: "apps" }, "/api/v1/namespaces/apps/secrets"],
    [KIND.namespace, { name: "apps" }, "/api/v1/namespaces/apps"],
    [KIND.replicaSet, { namespace: "apps", name: "web" }, "/apis/apps/v1/namespaces/apps/replicasets/web"],
    [KIND.networkPolicy, { namespace: "apps" }, "/apis/networking.k8s.io/v1/namespaces/apps/networkpolicies"],
    [KIND.pod, { namespace: "a/b", name: "../x?y#z" }, "/api/v1/namespaces/a%2Fb/pods/..%2Fx%3Fy%23z"],
  ])("%j in %j", (kind, place, path) => expect(objectPath(kind, place)).toBe(path));

  test("no name leaves its place in the path", () => {
    const names = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(names, names, (namespace, name) => {
        const path = objectPath(KIND.pod, { namespace, name });
        const [, api, version, word, first = "", kind, second = "", ...rest] = path.split("/");
        expect([api, version, word, kind, rest]).toEqual(["api", "v1", "namespaces", "pods", []]);
        expect([first, second].map(decodeURIComponent)).toEqual([namespace, name]);
        expect(path).not.toMatch(/[?#]/);
      }),
    );
  });
});
