import { expect, test } from "vitest";
import { dynoTexts as texts, wrongPlace } from "./dyno-texts.ts";

test.each([
  [[{ address: "127.0.0.1", port: 5000 }], "127.0.0.1:5000"],
  [[{ address: "::1", port: 5000 }], "[::1]:5000"],
  [
    [
      { address: "0.0.0.0", port: 3000 },
      { address: "::", port: 3000 },
    ],
    "0.0.0.0:3000, [::]:3000",
  ],
])("names where a process listens: %j", (found, places) => {
  expect(wrongPlace(found, 5123)).toBe(
    `The process listens on ${places}; listen on 0.0.0.0 or :: and on $PORT (5123) to get requests`,
  );
});

test("says nothing of a process that listens nowhere", () => {
  expect(wrongPlace([], 5123)).toBeUndefined();
});

test("uses Heroku's words", () => {
  expect(texts.starting("npm start")).toBe("Starting process with command `npm start`");
  expect(texts.bootTimeout(60)).toMatch(/^Error R10 \(Boot timeout\) -> /);
  expect(texts.exitTimeout(30)).toMatch(/^Error R12 \(Exit timeout\) -> /);
  expect(texts.attachError).toMatch(/^Error R13 \(Attach error\) -> /);
});
