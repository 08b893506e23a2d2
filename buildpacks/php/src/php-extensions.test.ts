import { expect, it } from "vitest";
import { extensionPackages } from "./php-extensions.ts";

const available = new Set([
  ...["php8.2-cli", "php8.2-fpm", "php8.2-xml", "php8.2-mbstring", "php8.2-mysql", "php8.2-gd", "php-redis"],
  ...["php8.2-pgsql", "php8.2-sqlite3"],
]);
const ALWAYS = ["php8.2-cli", "php8.2-fpm", "php8.2-mbstring", "php8.2-xml"];

it.each([
  [[], []],
  [["json", "openssl", "ctype", "pdo"], []],
  [["dom", "simplexml", "mbstring"], []],
  [["gd"], ["php8.2-gd"]],
  [["pdo_mysql", "mysqli"], ["php8.2-mysql"]],
  [["pdo_pgsql"], ["php8.2-pgsql"]],
  [["pdo_sqlite"], ["php8.2-sqlite3"]],
  [["redis"], ["php-redis"]],
])("the extensions %j are in the packages %j", (extensions, packages) => {
  expect(extensionPackages("8.2", extensions, available)).toEqual({
    packages: [...ALWAYS, ...packages],
    missing: [],
  });
});

it("those that no package has are told", () => {
  expect(extensionPackages("8.2", ["gd", "swoole", "oci8"], available).missing).toEqual(["swoole", "oci8"]);
});
