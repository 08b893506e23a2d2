import type { WebServer } from "./provide-php.ts";

/** The web servers of the start scripts that a Procfile names; Apache unless it names one, as on Heroku. */
export function webServers(procfile: string | undefined): readonly WebServer[] {
  const named = (["apache2", "nginx"] as const).filter((name) =>
    new RegExp(`\\bheroku-php-${name}\\b`).test(procfile ?? ""),
  );
  return named.length > 0 ? named : ["apache2"];
}

/** Folders that hold what visitors may see, where frameworks put it, before the top. */
const ROOTS = ["public", "web", "webroot", "html", "."];

export interface PhpWeb {
  readonly line: string;
  readonly why: string;
}

/** The default web process: a server for the first folder with an `index.php`. */
export function phpWeb(has: (file: string) => boolean): PhpWeb | undefined {
  const root = ROOTS.find((folder) => has(folder === "." ? "index.php" : `${folder}/index.php`));
  if (root === undefined) return undefined;
  return root === "."
    ? { line: "heroku-php-apache2", why: "index.php" }
    : { line: `heroku-php-apache2 ${root}/`, why: `${root}/index.php` };
}
