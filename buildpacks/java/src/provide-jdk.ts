import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { runtimeSources } from "../../shared/runtime-sources.ts";
import { type Fetcher, unpackArchive } from "../../shared/verified-download.ts";
import { type BaseJdk, baseJdks } from "./base-jdks.ts";
import { chooseJava, featureOf, type JavaRequirement, type JavaVersion } from "./java-version.ts";
import { type JdkSource, jdkList, jdkSource, newestLongTerm, type RemoteJdk } from "./jdk-sources.ts";

/** What this machine is called by Adoptium, by Node's name. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x64", arm64: "aarch64" };

export interface Jdk {
  /** A folder with `bin/javac`. */
  readonly home: string;
  readonly version: JavaVersion;
}

/** What can be taken, from where. */
interface Offer {
  readonly version: JavaVersion;
  readonly from: string;
  readonly base?: BaseJdk;
  readonly remote?: RemoteJdk;
}

/**
 * The JDK that the app asks for: the base's where it fits, else one from the sources, kept in a layer that lasts from
 * build to build; one near it where nobody has the very one. `known` are the base's JDKs, for tests.
 */
export async function provideJdk(
  context: BuildContext,
  requirement: JavaRequirement,
  { fetcher, known }: { readonly fetcher: Fetcher; readonly known?: readonly BaseJdk[] },
): Promise<Jdk> {
  const { log } = context;
  const { wanted, statedIn } = requirement;
  log.detail(
    wanted === undefined
      ? "No version asked for; taking the newest with long-term support. Set one in system.properties: java.runtime.version=21"
      : `Version asked for: ${wanted.text} (${statedIn})`,
  );
  const base = (known ?? (await baseJdks())).map((jdk) => ({
    version: jdk.version,
    from: "the base",
    base: jdk,
  }));
  const first = chooseJava(requirement, base);
  if (first?.fit === "exact") return take(context, first.java, fetcher);
  const kept = await keptJdk(context, requirement);
  if (kept !== undefined) return kept;
  const { offers, failures } = await askSources(context, requirement, fetcher);
  const remote = chooseJava(requirement, offers);
  if (remote?.fit === "exact") return take(context, remote.java, fetcher);
  const near = chooseJava(requirement, [...base, ...offers]);
  if (near === undefined) throw notToBeHad(requirement, { base, offers, failures });
  const which = near.fit === "a newer line" ? "the nearest newer line" : "of the same line";
  log.warn(
    `Java ${wanted?.text} (${statedIn}) is not to be had here; using ${near.java.version.text}, ${which}.`,
  );
  return take(context, near.java, fetcher);
}

/** What a build before has fetched for the same wish. */
async function keptJdk(context: BuildContext, requirement: JavaRequirement): Promise<Jdk | undefined> {
  const layer = await openLayer(context.layersDir, "jdk");
  const text = layer.metadata?.version;
  const parts = layer.metadata?.parts;
  if (typeof text !== "string" || typeof parts !== "string" || !layer.restored) return undefined;
  const version = { text, parts: parts.split(".").map(Number) };
  if (!sameMetadata(layer, jdkMetadata(context, version))) return undefined;
  if (chooseJava(requirement, [{ version }])?.fit !== "exact") return undefined;
  context.log.detail(`Using Java ${text}, as at the last build`);
  await saveLayer(layer, { cache: true }, jdkMetadata(context, version));
  return { home: layer.dir, version };
}

function jdkMetadata(context: BuildContext, version: JavaVersion) {
  const { text, parts } = version;
  const sources = context.env.CONIFER_RUNTIME_SOURCES ?? "";
  return { version: text, parts: parts.join("."), arch: process.arch, sources, buildpack: context.version };
}

async function take(context: BuildContext, offer: Offer, fetcher: Fetcher): Promise<Jdk> {
  const { version, from, base, remote } = offer;
  context.log.detail(`Using Java ${version.text} from ${from}`);
  if (base !== undefined) return { home: base.home, version };
  if (remote === undefined) throw new Error(`nobody offers Java ${version.text}`);
  const layer = await openLayer(context.layersDir, "jdk");
  await clearLayer(layer);
  const archive = await fetcher.file(remote.download).catch((thrown: unknown) => {
    throw new BuildFailure(`Java ${version.text} could not be fetched from ${from}: ${reasonOf(thrown)}.`, [
      "Push again to repeat the build. A checksum that differs means a broken mirror or proxy; tell the operator.",
    ]);
  });
  const { env, signal } = context;
  const without = ["*/demo", "*/man", "*/src.zip"];
  await unpackArchive(archive, layer.dir, { members: ["*"], without, env, signal });
  if (!existsSync(path.join(layer.dir, "bin", "javac"))) {
    throw new BuildFailure(`The archive of Java ${version.text} from ${from} holds no JDK.`, [
      "Tell the operator.",
    ]);
  }
  await saveLayer(layer, { cache: true }, jdkMetadata(context, version));
  return { home: layer.dir, version };
}

interface Answers {
  readonly offers: readonly Offer[];
  readonly failures: readonly string[];
}

/** Asks the sources in order until one has what is wanted. */
async function askSources(
  context: BuildContext,
  requirement: JavaRequirement,
  fetcher: Fetcher,
): Promise<Answers> {
  const offers: Offer[] = [];
  const failures: string[] = [];
  for (const source of listSources(context, fetcher)) {
    try {
      offers.push(...(await offersOf(source, requirement)));
    } catch (thrown) {
      failures.push(`  ${source.name} could not be asked: ${reasonOf(thrown)}.`);
      context.log.detail(`Passing over ${source.name}: ${reasonOf(thrown)}.`);
    }
    if (chooseJava(requirement, offers)?.fit === "exact") break;
  }
  return { offers, failures };
}

async function offersOf(source: JdkSource, { wanted }: JavaRequirement): Promise<readonly Offer[]> {
  const features = await source.features();
  const feature = wanted === undefined ? newestLongTerm(features) : featureOf(wanted);
  const nearest = features.filter((one) => one >= (feature ?? 0)).sort((a, b) => a - b)[0];
  const ask = feature !== undefined && features.includes(feature) ? feature : nearest;
  if (ask === undefined) return [];
  return (await source.releases(ask)).map((remote) => ({
    version: remote.version,
    from: source.name,
    remote,
  }));
}

function listSources(context: BuildContext, fetcher: Fetcher): readonly JdkSource[] {
  const arch = ARCHITECTURES[process.arch];
  if (arch === undefined) return [];
  const setting = context.env.CONIFER_RUNTIME_SOURCES;
  const read = runtimeSources(setting, { name: "java", standard: "official" });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  return read.sources.flatMap((source) => jdkSource(source, arch, fetcher) ?? []);
}

function notToBeHad(
  { wanted, statedIn }: JavaRequirement,
  { base, offers, failures }: Answers & { readonly base: readonly Offer[] },
): BuildFailure {
  const what =
    wanted === undefined ? "No JDK is to be had." : `Java ${wanted.text} (${statedIn}) is not to be had.`;
  const list = jdkList([...base].sort((a, b) => featureOf(b.version) - featureOf(a.version)));
  const there = [
    base.length > 0 ? `  The base has ${list}.` : "  The base has no JDK.",
    ...(offers.length > 0 ? [`  ${offers[0]?.from} has ${jdkList(offers)}.`] : []),
    ...failures,
  ];
  return new BuildFailure([what, ...there].join("\n"), [
    "Ask for one of them in system.properties (java.runtime.version=17), or have the operator install a JDK on the",
    "base (apt-get install openjdk-17-jdk-headless) or name a mirror in CONIFER_RUNTIME_SOURCES: java=<URL>",
  ]);
}
