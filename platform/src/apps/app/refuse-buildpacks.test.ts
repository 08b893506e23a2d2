import { expect, test } from "vitest";
import { refuseBuildpacks } from "./refuse-buildpacks.ts";

test.each([
  ["heroku/nodejs", '[[io.buildpacks.group]]\nid = "heroku/nodejs"\n'],
  ["https://github.com/acme/pack", '[[io.buildpacks.group]]\nuri = "https://github.com/acme/pack"\n'],
])("%s as a setting is refused with what to write instead", (buildpack, lines) => {
  expect(() => refuseBuildpacks([{ buildpack }])).toThrow(lines);
});

test("to have none is what every app has", () => {
  expect(() => refuseBuildpacks([])).not.toThrow();
});
