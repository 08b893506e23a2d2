import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AptSession } from "../../shared/apt-session.ts";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { upstreamVersion } from "../../shared/debian-archive.ts";
import { type Layer, prependedVariables, setLayerEnv } from "../../shared/layer-folder.ts";
import { type DebianChoice, provideDebian } from "../../shared/provide-debian.ts";
import { orderedSources } from "../../shared/runtime-sources.ts";
import type { ComposerFacts } from "./composer-files.ts";
import { fitsConstraint } from "./php-constraint.ts";
import { extensionPackages } from "./php-extensions.ts";

export type WebServer = "apache2" | "nginx";

/** A PHP that builds and processes run with. */
export interface Php {
  /** `8.2.36` */
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface PhpWish {
  readonly facts: ComposerFacts;
  readonly servers: readonly WebServer[];
  readonly composer: boolean;
}

/** Packages of the web servers. */
const SERVERS: Readonly<Record<WebServer, readonly string[]>> = {
  apache2: ["apache2-bin"],
  nginx: ["nginx"],
};

/**
 * PHP, the extensions that the app and its packages need, a web server, and Composer where it is wanted: the packages of
 * the base's release in the layer `php`.
 * @throws BuildFailure when the release's PHP does not fit, or has not got an extension
 */
export async function providePhp(context: BuildContext, wish: PhpWish): Promise<Php> {
  const { log } = context;
  const { facts, servers, composer } = wish;
  const server = servers.join(" and ");
  const own = facts.php.find(({ by }) => by === "composer.json");
  log.detail(
    own === undefined
      ? 'No version asked for; taking the newest there is. Choose one in composer.json: "require": {"php": "^8.2"}'
      : `Version asked for: ${own.constraint} (composer.json)`,
  );
  requireDebian(context);
  const extensions = [...facts.extensions.keys()].sort();
  const made = await provideDebian(context, {
    layer: "php",
    asked: {
      php: facts.php.map(({ constraint, by }) => `${by} ${constraint}`).join("\n"),
      ...{ extensions: extensions.join(" "), server, composer: String(composer) },
    },
    choose: (apt) => choosePhp(apt, wish),
    finish: ({ layer }) => finishPhp(context, layer),
  });
  const { version = "" } = made.notes;
  log.detail(
    made.isNew
      ? `Using PHP ${version}, ${server}, packages of ${made.base.id} ${made.base.codename}`
      : `Using PHP ${version}, ${server}, as at the last build`,
  );
  if (extensions.length > 0) log.detail(`Extensions asked for: ${extensions.join(", ")}`);
  const env = await prependedVariables(made.layer, context.env);
  const bin = path.join(made.layer.dir, "bin");
  return {
    version,
    env: { ...env, ...phpVariables(made.layer.dir), PATH: `${bin}:${env.PATH ?? context.env.PATH}` },
  };
}

function requireDebian({ env }: BuildContext): void {
  const read = orderedSources(env.CONIFER_RUNTIME_SOURCES, { name: "php", standard: "debian" });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  const kinds = read.sources.map(({ kind }) => kind);
  if (kinds.includes("debian")) return;
  throw new BuildFailure(
    [
      "No PHP is to be had here.",
      "  The official distribution of PHP is source that has to be compiled, and mirrors of built ones share no form.",
    ].join("\n"),
    [
      "The operator adds the packages of the base's release: CONIFER_RUNTIME_SOURCES=official,registry,debian",
    ],
  );
}

/**
 * The packages of the newest PHP of the release that everybody can run on, with extensions, servers and Composer.
 * @throws BuildFailure when there is none, or an extension is missing
 */
export async function choosePhp(
  apt: Pick<AptSession, "base" | "names" | "records" | "closure">,
  { facts, servers, composer }: PhpWish,
): Promise<DebianChoice> {
  const names = [...apt.names].filter((name) => /^php\d+\.\d+-fpm$/.test(name));
  const offers = (await apt.records(names))
    .map(({ name, version }) => ({ line: name.slice(3, -4), version: upstreamVersion(version) }))
    .toSorted((a, b) => b.line.localeCompare(a.line, "en", { numeric: true }));
  const offer = offers.find(({ version }) => unfit(facts, version) === undefined);
  if (offer === undefined) throw noPhp(facts, offers);
  const extensions = extensionPackages(offer.line, facts.extensions.keys(), apt.names);
  if (extensions.missing.length > 0) throw noExtension(apt, facts, extensions.missing);
  const more = [...servers.flatMap((one) => SERVERS[one]), ...(composer ? ["composer"] : [])];
  const packages = await apt.closure([...extensions.packages, ...more]);
  return { packages, notes: { version: offer.version } };
}

/** The first constraint that the version breaks. */
function unfit(facts: ComposerFacts, version: string): ComposerFacts["php"][number] | undefined {
  return facts.php.find(({ constraint }) => fitsConstraint(version, constraint) === false);
}

function noPhp(facts: ComposerFacts, offers: readonly { readonly version: string }[]): BuildFailure {
  const has = offers.map(({ version }) => version).join(", ");
  const broken = offers[0] && unfit(facts, offers[0].version);
  if (broken === undefined) {
    return new BuildFailure("The base's release has no packages of PHP.", [
      "Name a buildpack in project.toml that brings one.",
    ]);
  }
  const advice =
    broken.by === "composer.json"
      ? [
          'Ask for it in composer.json ("require": {"php": ">=8.1"}), then run: composer update && git add composer.lock',
        ]
      : [
          `Resolve the packages for it: composer config platform.php ${offers[0]?.version}, then composer update, and commit`,
          "composer.json and composer.lock.",
        ];
  return new BuildFailure(
    `PHP ${broken.constraint} (${broken.by}) is not to be had here.\n  There is: ${has}.`,
    advice,
  );
}

function noExtension(
  { base }: Pick<AptSession, "base">,
  facts: ComposerFacts,
  missing: readonly string[],
): BuildFailure {
  const who = missing.map((name) => `ext-${name} (${facts.extensions.get(name)})`).join(", ");
  return new BuildFailure(`${base.id} ${base.codename} has no package of PHP with ${who}.`, [
    "Do without it, or without the package that needs it: composer remove <package>",
  ]);
}

/** Where PHP reads its settings; below the layer. */
const SETTINGS = "conifer/php.ini";
const EXTENSIONS = "conifer/conf.d";

function phpVariables(root: string): Record<string, string> {
  return { PHPRC: path.join(root, SETTINGS), PHP_INI_SCAN_DIR: path.join(root, EXTENSIONS) };
}

/** Makes Debian's PHP run from the layer: its settings, its extensions, its programs by their usual names. */
async function finishPhp({ buildpackDir }: BuildContext, layer: Layer): Promise<void> {
  const at = (...parts: string[]) => path.join(layer.dir, ...parts);
  const [line = ""] = (await readdir(at("usr/lib/php"))).filter((name) => /^\d+\.\d+$/.test(name));
  const [api = ""] = (await readdir(at("usr/lib/php"))).filter((name) => /^\d{8}$/.test(name));
  await mkdir(at(EXTENSIONS), { recursive: true });
  await mkdir(at("bin"), { recursive: true });
  const settings = await readFile(path.join(buildpackDir, "launch", "php.ini"), "utf8");
  await writeFile(
    at(SETTINGS),
    `${settings}extension_dir = "${at("usr/lib/php", api)}"\ninclude_path = ".:${at("usr/share/php")}"\n`,
  );
  for (const { name, text } of await extensionSettings(at("usr/share"), line)) {
    await writeFile(at(EXTENSIONS, name), text);
  }
  await symlink(`../usr/bin/php${line}`, at("bin/php"));
  await symlink(`../usr/sbin/php-fpm${line}`, at("bin/php-fpm"));
  for (const name of ["heroku-php-apache2", "heroku-php-nginx", "php-web.sh"]) {
    await copyFile(path.join(buildpackDir, "launch", name), at("bin", name));
    await chmod(at("bin", name), 0o755);
  }
  if (existsSync(at("usr/bin/composer"))) {
    const script = `#!/bin/sh\nexec "${at("bin/php")}" "${at("usr/bin/composer")}" "$@"\n`;
    await writeFile(at("bin/composer"), script, { mode: 0o755 });
  }
  for (const [name, value] of Object.entries(phpVariables(layer.dir)))
    await setLayerEnv(layer, "env", { name, operation: "override", value });
  await setLayerEnv(layer, "env.launch", { name: "WEB_MEMORY", operation: "default", value: "128" });
  await mkdir(at("exec.d"), { recursive: true });
  await copyFile(path.join(buildpackDir, "exec.d", "web-concurrency"), at("exec.d/web-concurrency"));
  await chmod(at("exec.d/web-concurrency"), 0o755);
}

/** Each package's settings, by the names and in the order that Debian gives them. */
async function extensionSettings(share: string, line: string) {
  const found: { readonly name: string; readonly text: string }[] = [];
  const folders = (await readdir(share)).filter((name) => /^php(?:\d+\.\d+)?-/.test(name)).sort();
  for (const folder of folders) {
    const files = await readdir(path.join(share, folder), { recursive: true, withFileTypes: true });
    for (const file of files.filter((one) => one.isFile() && one.name.endsWith(".ini"))) {
      const text = await readFile(path.join(file.parentPath, file.name), "utf8");
      if (!/^\s*(?:zend_)?extension\s*=/m.test(text) || /\bphpdbg\b/.test(file.parentPath)) continue;
      const priority = /^; priority=(\d+)/m.exec(text)?.[1] ?? "20";
      if (!found.some(({ name }) => name.endsWith(`-${file.name}`)))
        found.push({ name: `${priority}-${file.name}`, text });
    }
  }
  if (found.length === 0) throw new Error(`PHP ${line} brings no settings of extensions`);
  return found;
}
