import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AptSession } from "../../shared/apt-session.ts";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { type DebianBase, tripletOf, upstreamVersion } from "../../shared/debian-archive.ts";
import {
  dropLayer,
  type Layer,
  openLayer,
  prependedVariables,
  setLayerEnv,
} from "../../shared/layer-folder.ts";
import { type DebianChoice, provideDebian } from "../../shared/provide-debian.ts";
import { readTool } from "../../shared/run-tool.ts";
import { orderedSources } from "../../shared/runtime-sources.ts";
import { chooseRuby, type RubyRequirement } from "./ruby-version.ts";

/** A Ruby that builds and processes run with. */
export interface Ruby {
  /** `3.1.2` */
  readonly version: string;
  /** `3.1.0`: of the folders that gems are in. */
  readonly api: string;
  /** What of the environment it needs to be found; the variables of the layer, for this build's own programs. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The Ruby that the app asks for: the base's where it fits, else the release's packages in the layer `ruby`.
 * `baseFolder` is where the base has its programs.
 * @throws BuildFailure that lists the versions that are to be had
 */
export async function provideRuby(
  context: BuildContext,
  requirement: RubyRequirement,
  { baseFolder = "/usr/bin" }: { readonly baseFolder?: string } = {},
): Promise<Ruby> {
  const { log } = context;
  tellWish(context, requirement);
  const sources = listSources(context);
  const ofBase = await baseRuby(context, baseFolder);
  const base = chooseRuby(requirement, ofBase === undefined ? [] : [ofBase]);
  if (base?.exact) {
    await dropLayer(await openLayer(context.layersDir, "ruby"));
    log.detail(`Using Ruby ${base.offer.version} of the base`);
    return { version: base.offer.version, api: apiOf(base.offer.version), env: {} };
  }
  if (!sources.includes("debian"))
    throw notToBeHad(requirement, ofBase === undefined ? [] : [ofBase], sources);
  const made = await provideDebian(context, {
    layer: "ruby",
    asked: { must: requirement.must.join(", "), preferred: requirement.preferred ?? "" },
    choose: (apt) => chooseOfRelease(apt, requirement, sources),
    finish: ({ layer, base: release }) => finishRuby(layer, release),
  });
  const { version = "" } = made.notes;
  log.detail(
    made.isNew
      ? `Using Ruby ${version}, the package of ${made.base.id} ${made.base.codename}`
      : `Using Ruby ${version}, as at the last build`,
  );
  if (requirement.preferred !== undefined && !version.startsWith(requirement.preferred)) {
    log.warn(
      `Ruby ${requirement.preferred} (${requirement.statedIn === "Gemfile" ? "Gemfile.lock" : requirement.statedIn}) is not to be had here; using ${version}.`,
    );
  }
  return { version, api: apiOf(version), env: await prependedVariables(made.layer, context.env) };
}

function tellWish({ log }: BuildContext, { must, preferred, statedIn }: RubyRequirement): void {
  if (statedIn === undefined) {
    log.detail('No version asked for; taking the newest there is. Choose one in the Gemfile: ruby "~> 3.1"');
  } else {
    const locked = preferred !== undefined && must.length > 0 ? `, locked to ${preferred}` : "";
    log.detail(`Version asked for: ${must.join(", ") || preferred} (${statedIn}${locked})`);
  }
}

type SourceKind = "official" | "registry" | "mirror" | "debian";

function listSources({ env }: BuildContext): readonly SourceKind[] {
  const read = orderedSources(env.CONIFER_RUNTIME_SOURCES, { name: "ruby", standard: "debian" });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  return read.sources.map(({ kind }) => kind);
}

function apiOf(version: string): string {
  return `${version.split(".").slice(0, 2).join(".")}.0`;
}

async function baseRuby(
  { env, signal }: BuildContext,
  folder: string,
): Promise<{ readonly version: string } | undefined> {
  const command = path.join(folder, "ruby");
  if (!existsSync(command)) return undefined;
  const args = ["-e", "print RUBY_VERSION if RUBY_ENGINE == 'ruby' and require 'bundler'"];
  const version = await readTool({ command, args, cwd: "/", env, signal }).catch(() => "");
  return /^\d+\.\d+\.\d+$/.test(version) ? { version } : undefined;
}

/**
 * The packages of the release's Ruby that fits.
 * @throws BuildFailure that lists the versions there are
 */
export async function chooseOfRelease(
  apt: Pick<AptSession, "names" | "records" | "closure">,
  requirement: RubyRequirement,
  sources: readonly SourceKind[],
): Promise<DebianChoice> {
  const names = [...apt.names].filter((name) => /^ruby\d+\.\d+$/.test(name));
  const offers = (await apt.records(names)).map(({ name, version }) => ({
    name,
    version: upstreamVersion(version),
  }));
  const chosen = chooseRuby(requirement, offers);
  if (chosen === undefined) throw notToBeHad(requirement, offers, sources);
  const { name, version } = chosen.offer;
  const wanted = [name, `${name}-dev`, "ruby-bundler", "bundler"].filter((one) => apt.names.has(one));
  return { packages: await apt.closure(wanted), notes: { version } };
}

function notToBeHad(
  { must, preferred, statedIn }: RubyRequirement,
  offers: readonly { readonly version: string }[],
  sources: readonly SourceKind[],
): BuildFailure {
  const what = must.length > 0 ? must.join(", ") : preferred;
  const has = offers.map(({ version }) => version).join(", ");
  const notes = [
    ...(sources.includes("official")
      ? ["  The official distribution of Ruby is source that has to be compiled; it is passed over."]
      : []),
    ...(sources.includes("mirror")
      ? ["  There is no form that mirrors of built Rubies share; those that are named are passed over."]
      : []),
  ];
  const line = has.split(", ")[0]?.split(".").slice(0, 2).join(".");
  return new BuildFailure(
    [
      what === undefined ? "No Ruby is to be had here." : `Ruby ${what} (${statedIn}) is not to be had here.`,
      has === "" ? "  Neither the base nor its release's packages are there." : `  There is: ${has}.`,
      ...notes,
    ].join("\n"),
    has === ""
      ? [
          "The operator adds the packages of the base's release: CONIFER_RUNTIME_SOURCES=official,registry,debian",
        ]
      : [
          `Ask for it in the Gemfile (ruby "~> ${line}.0"), run: bundle lock, and commit both; or name a buildpack in`,
          "project.toml that brings another Ruby.",
        ],
  );
}

/** Makes Debian's Ruby run from the layer: programs find it on PATH, and it finds its own library and the gems it has. */
async function finishRuby(layer: Layer, base: DebianBase): Promise<void> {
  const at = (...parts: string[]) => path.join(layer.dir, "usr", ...parts);
  const triplet = tripletOf(base);
  const [api = ""] = (await readdir(at("lib/ruby"))).filter((name) => /^\d+\.\d+\.0$/.test(name));
  for (const name of await readdir(at("bin"))) await relocateProgram(at("bin", name));
  const config = at("lib", triplet, "ruby", api, "rbconfig.rb");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replaceAll("$(DESTDIR)/usr/local", "$(prefix)/local"));
  const library = [
    // First, so that gems go before what Ruby brings: RubyGems puts them where this folder is.
    at("local/lib/site_ruby", api),
    ...[
      at("lib/ruby/vendor_ruby", api),
      at("lib", triplet, "ruby/vendor_ruby", api),
      at("lib/ruby/vendor_ruby"),
    ],
    ...[at("lib/ruby", api), at("lib", triplet, "ruby", api)],
  ];
  const gems = [
    at("lib/ruby/gems", api),
    at("share/rubygems-integration", api),
    at("share/rubygems-integration/all"),
    at("lib", triplet, "rubygems-integration", api),
  ];
  await setLayerEnv(layer, "env", { name: "RUBYLIB", operation: "prepend", value: library.join(":") });
  await setLayerEnv(layer, "env", {
    name: "GEM_PATH",
    operation: "prepend",
    value: gems.filter(existsSync).join(":"),
  });
}

/** Scripts of packages name /usr/bin/ruby, which the base has not got. */
async function relocateProgram(file: string): Promise<void> {
  const content = await readFile(file).catch(() => Buffer.alloc(0));
  const [line = ""] = content.subarray(0, 80).toString("latin1").split("\n", 1);
  if (!/^#! ?\/usr\/bin\/ruby/.test(line)) return;
  await writeFile(file, Buffer.concat([Buffer.from("#!/usr/bin/env ruby"), content.subarray(line.length)]));
}
