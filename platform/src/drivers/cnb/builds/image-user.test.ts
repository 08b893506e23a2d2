import { expect, test } from "vitest";
import { resolveImageUser } from "./image-user.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\ncnb:x:1001:1000::/home/cnb:/bin/sh\nodd:x:5:6::relative:/bin/sh\n";
const GROUP = "root:x:0:\ncnb:x:1000:\nweb:x:33:cnb\n";

test.each([
  ["cnb", { uid: 1001, gid: 1000, home: "/home/cnb" }],
  ["1001", { uid: 1001, gid: 1000, home: "/home/cnb" }],
  ["cnb:web", { uid: 1001, gid: 33, home: "/home/cnb" }],
  ["1001:33", { uid: 1001, gid: 33, home: "/home/cnb" }],
  ["4242:17", { uid: 4242, gid: 17, home: "/" }],
  ["4242", { uid: 4242, gid: 0, home: "/" }],
  ["", { uid: 0, gid: 0, home: "/root" }],
  ["odd", { uid: 5, gid: 6, home: "/" }],
])('"%s" is %j', (user, found) => {
  expect(resolveImageUser(user, PASSWD, GROUP)).toEqual(found);
});

test.each([
  ["nobody-here", /runs as the user nobody-here, whom it does not know/],
  ["cnb:nowhere", /runs as the group nowhere/],
  ["12345678901", /whom it does not know/],
])('"%s" is refused', (user, message) => {
  expect(() => resolveImageUser(user, PASSWD, GROUP)).toThrow(message);
});
