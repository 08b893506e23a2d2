import { expect, it } from "vitest";
import { phpWeb, webServers } from "./php-processes.ts";

it.each([
  [undefined, ["apache2"]],
  ["web: heroku-php-apache2 public/\n", ["apache2"]],
  ["web: heroku-php-nginx -C nginx.conf public/\n", ["nginx"]],
  ["web: vendor/bin/heroku-php-nginx web/\n", ["nginx"]],
  ["worker: php worker.php\n", ["apache2"]],
  ["web: heroku-php-nginx\nold: heroku-php-apache2\n", ["apache2", "nginx"]],
])("with the Procfile %j the servers are %j", (procfile, servers) => {
  expect(webServers(procfile)).toEqual(servers);
});

it.each([
  [["public/index.php", "index.php"], "heroku-php-apache2 public/"],
  [["web/index.php"], "heroku-php-apache2 web/"],
  [["webroot/index.php"], "heroku-php-apache2 webroot/"],
  [["index.php"], "heroku-php-apache2"],
])("with %j the default is %s", (files, line) => {
  expect(phpWeb((file) => files.includes(file))?.line).toBe(line);
});

it("there is no default without an entrance", () => {
  expect(phpWeb(() => false)).toBeUndefined();
});
