import { afterEach, describe, expect, it } from "vitest";
import type { AppRoute, EndpointNews } from "./route.ts";
import { appRoute, endpoint } from "./route-fixtures.ts";
import type { RouteTable } from "./route-ports.ts";

export interface RouteTableSubject {
  readonly routes: RouteTable;
  /** Which route a request for the host meets, now. */
  find(host: string): AppRoute | undefined;
  /** The engine tells where dynos are. */
  news(news: EndpointNews): void;
  close(): Promise<void>;
}

/** What every RouteTable does, whoever drives it. */
export function testRouteTable(
  driver: string,
  open: () => Promise<RouteTableSubject>,
  { many = 10_000 }: { readonly many?: number } = {},
): void {
  describe(`a route table: ${driver}`, () => {
    let opened: RouteTableSubject | undefined;
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });
    const subject = async () => {
      opened = await open();
      return opened;
    };
    const one = appRoute("one");
    const two = appRoute("two");

    it("has a route in effect when put returns", async () => {
      const { routes, find } = await subject();
      await routes.put(1, one);
      expect(find("one.localhost")).toEqual(one);
      await routes.put(2, { ...one, maintenance: true });
      expect(find("one.localhost")).toMatchObject({ maintenance: true });
    });

    it("forgets hosts that the app no longer has", async () => {
      const { routes, find } = await subject();
      await routes.put(1, appRoute("one", { hosts: ["one.localhost", "www.example.com"] }));
      await routes.put(2, appRoute("one", { hosts: ["renamed.localhost"] }));
      expect(["one.localhost", "www.example.com"].map(find)).toEqual([undefined, undefined]);
      expect(find("renamed.localhost")).toMatchObject({ appId: one.appId });
    });

    it("lets a host go over to another app", async () => {
      const { routes, find } = await subject();
      await routes.put(1, appRoute("one", { hosts: ["www.example.com"] }));
      await routes.put(2, appRoute("two", { hosts: ["www.example.com"] }));
      await routes.put(3, one);
      await routes.remove(4, one.appId);
      expect(find("www.example.com")).toMatchObject({ appId: two.appId });
    });

    it("removes, and takes no notice of what is not there", async () => {
      const { routes, find } = await subject();
      await routes.put(1, one);
      await routes.remove(2, one.appId);
      await routes.remove(3, "unknown");
      expect(find("one.localhost")).toBeUndefined();
    });

    it("replaces all there is", async () => {
      const { routes, find } = await subject();
      await routes.put(1, one);
      await routes.replace(2, [two]);
      expect(find("one.localhost")).toBeUndefined();
      expect(find("two.localhost")).toEqual(two);
      await routes.replace(3, []);
      expect(find("two.localhost")).toBeUndefined();
    });

    it("ignores an older write of the same app", async () => {
      const { routes, find } = await subject();
      await routes.put(5, one);
      await routes.put(4, { ...one, maintenance: true });
      await routes.remove(3, one.appId);
      expect(find("one.localhost")).toEqual(one);
      await routes.remove(6, one.appId);
      await routes.put(5, one);
      expect(find("one.localhost")).toBeUndefined();
    });

    it("takes writes of different apps in any order", async () => {
      const { routes, find } = await subject();
      await routes.put(5, one);
      await routes.put(4, two);
      expect(find("two.localhost")).toEqual(two);
    });

    it("keeps what is newer than a replace, and nothing that is older", async () => {
      const { routes, find } = await subject();
      await routes.put(9, one);
      await routes.replace(7, [two]);
      await routes.put(6, appRoute("three"));
      await routes.replace(5, [appRoute("four")]);
      expect(find("one.localhost")).toEqual(one);
      expect(find("two.localhost")).toEqual(two);
      expect(["three.localhost", "four.localhost"].map(find)).toEqual([undefined, undefined]);
    });

    it("ends the same when everything is said twice", async () => {
      const { routes, find } = await subject();
      for (let i = 0; i < 2; i += 1) {
        await routes.replace(1, [one]);
        await routes.put(2, two);
        await routes.remove(3, one.appId);
      }
      expect(find("one.localhost")).toBeUndefined();
      expect(find("two.localhost")).toEqual(two);
    });

    it("tells where requests are sent, once it knows", async () => {
      const { routes, news } = await subject();
      expect(await routes.endpoints("one")).toBeUndefined();
      const web = endpoint("web.1", { port: 1 });
      news({ kind: "all", apps: { one: [web] } });
      expect(await routes.endpoints("one")).toEqual([web]);
      expect(await routes.endpoints("two")).toEqual([]);
    });

    it(`takes ${many} routes at once`, async () => {
      const { routes, find } = await subject();
      await routes.replace(
        1,
        Array.from({ length: many }, (_, i) => appRoute(`app-${i}`)),
      );
      expect(find(`app-${many - 1}.localhost`)).toMatchObject({ appName: `app-${many - 1}` });
    });
  });
}
