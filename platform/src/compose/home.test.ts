import { expect, test } from "vitest";
import { makeHome } from "./home.ts";

test("everything of an instance is below its home, each in a place of its own", () => {
  const { root, ...places } = makeHome("/srv/conifer");
  expect(root).toBe("/srv/conifer");
  const paths = Object.values(places);
  expect(paths.every((path) => path.startsWith("/srv/conifer/"))).toBe(true);
  expect(new Set(paths).size).toBe(paths.length);
});

test("sockets and secrets are in folders that only their owner may enter", () => {
  const home = makeHome("/h");
  for (const path of [home.controlSocket, home.hostSocket, home.routerSocket, home.secretFile])
    expect(path.startsWith(`${home.run}/`)).toBe(true);
  expect(home.postgresSocketDir.startsWith(`${home.run}/`)).toBe(true);
});
