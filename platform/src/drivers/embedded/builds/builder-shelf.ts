import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, hexOf, type ImageStore, readImageDocuments } from "../../../delivery/image/index.ts";
import { BusinessError, type Logger } from "../../../kernel/index.ts";
import {
  type BuilderFacts,
  type BuildGround,
  bringRunImage,
  builderRefusal,
  builderTold,
  type HostRelease,
  intoStore,
  keptTold,
  makerOf,
  missingImage,
  PULLED_BYTES,
  type PulledKind,
  pinnedName,
  pullingTold,
  type RunImage,
  readBuilderFacts,
  readForeignRunImage,
  requireReference,
} from "../../cnb/builds/index.ts";
import { kindInside, readInside, removeTree } from "../../files/trees/index.ts";
import {
  layoutPathOf,
  parseShortReference,
  pullImage,
  type RegistryAccess,
  RegistryRequestError,
  referenceText,
  withRegistryImage,
} from "../../registry/client/index.ts";
import { makeImageRoot, readImageUser, removeUntrusted } from "../images/index.ts";
import { namesOf, openNamedLayout } from "./builder-source.ts";
import { planShelf, type ShelfBounds } from "./shelf-bounds.ts";

/** A builder image that is ready to build in. It stays until it is given back. */
export interface ShelvedBuilder extends BuildGround {
  readonly facts: BuilderFacts;
  /** The folder with its root file system; never to be written to. */
  readonly root: string;
  /** The image, as `<name>@<digest>`, or by its digest alone where the operator has it as a file. */
  readonly image: string;
  /** The home of the user that builds run as. */
  readonly home: string;
  /** Names the caches that its lifecycle and buildpacks understand, over the versions of an image. */
  readonly cacheMaker: string;
  giveBack(): void;
}

export interface BuilderShelf {
  /**
   * The builder that a source names, or the installation's when it names none; undefined when that is the platform's own. For
   * other processors than this machine's it is the platform's own as an image, if the operator has named one. Throws
   * invalid_params with what the person who waits can do.
   */
  take(named: string | undefined, call: ShelfCall): Promise<ShelvedBuilder | undefined>;
  /** Removes builders that were not used for long, or for which there is no room. */
  tidy(): Promise<void>;
}

export interface ShelfCall {
  /** For whose processors; this machine's when missing. */
  readonly architecture?: HostRelease["architecture"];
  /** The platform's own for those processors is wanted, whatever the installation's usual one is. */
  readonly own?: boolean;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** What the operator builds on for processors that this machine has not. */
export interface OtherGround {
  readonly builder?: string | undefined;
  readonly runImage?: RunImage | undefined;
}

export interface ShelfOptions extends RegistryAccess {
  /** CONIFER_HOME/builders. */
  readonly folder: string;
  readonly store: ImageStore;
  /** Names images of the store so that they are kept, and forgets names. */
  readonly names: {
    tag(name: string, digest: string): Promise<void>;
    forget(owner: string): Promise<void>;
  };
  readonly host: HostRelease;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** CONIFER_BUILDER_IMAGE: a reference, or the absolute path of an OCI layout or a tar of one. */
  readonly builder?: string | undefined;
  /** The operator's run image, in place of the one that the installation's builder names. */
  readonly runImage?: RunImage | undefined;
  /** CONIFER_OTHER_BUILDER_IMAGE and CONIFER_OTHER_RUN_IMAGE: the same for the processors that this machine has not. */
  readonly other?: OtherGround | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  readonly bounds?: ShelfBounds;
}

/** As large as the largest builders in use are several times. */
const BOUNDS: ShelfBounds = { bytes: 32 * 1024 ** 3, unusedMs: 30 * 24 * 60 * 60 * 1000 };
const ROOT_LIMITS = { bytes: 32 * 1024 ** 3, entries: 2_000_000 };
const FILE_BYTES = 1024 * 1024;

/** Of an image that is unpacked: what it takes, beside its folder. */
interface RootRecord {
  readonly bytes: number;
}

export async function openBuilderShelf(options: ShelfOptions): Promise<BuilderShelf> {
  const { folder } = options;
  await mkdir(join(folder, "roots"), { recursive: true });
  await mkdir(join(folder, "known"), { recursive: true });
  await removeUntrusted(join(folder, "roots"));
  const shelf = new Shelf(options);
  return {
    take: (named, call) => shelf.take(named, call),
    tidy: () => shelf.tidy(),
  };
}

class Shelf {
  readonly #options: ShelfOptions;
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** How many builds use a builder, by digest. */
  readonly #uses = new Map<string, number>();
  /** Builders that are just being removed. */
  readonly #removing = new Map<string, Promise<void>>();

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  async take(named: string | undefined, call: ShelfCall): Promise<ShelvedBuilder | undefined> {
    const { host, other, ...own } = this.#options;
    const isOther = call.architecture !== undefined && call.architecture !== host.architecture;
    // The installation's builder by its name in a registry is for several processors; a folder of it is for one.
    const usual = isOther && (call.own || !isNamed(own.builder)) ? other?.builder : own.builder;
    const name = named ?? usual;
    if (name === undefined) return undefined;
    const trusted = named === undefined;
    call.tell(`-----> Using builder ${name}`);
    try {
      const { runImage } = (isOther ? other : own) ?? {};
      return await this.#ready(name, { ...{ architecture: host.architecture }, ...call, trusted, runImage });
    } catch (thrown) {
      call.signal.throwIfAborted();
      if (!(thrown instanceof BusinessError || thrown instanceof RegistryRequestError))
        this.#options.logger.info("builder unusable", { name, error: thrown });
      throw builderRefusal(name, thrown);
    }
  }

  async #ready(name: string, call: ReadyCall): Promise<ShelvedBuilder> {
    const { store } = this.#options;
    const isPath = call.trusted && name.startsWith("/");
    if (!isPath) requireReference(name);
    const layout = isPath ? await openNamedLayout(name, join(this.#options.folder, "unpacked")) : undefined;
    const what = { name, kind: "builder" as const, layout };
    const digest = await this.#once(callKey(name, call), () => this.#bring(what, call));
    this.#uses.set(digest, (this.#uses.get(digest) ?? 0) + 1);
    let given = false;
    const giveBack = () => {
      if (!given) this.#uses.set(digest, (this.#uses.get(digest) ?? 1) - 1);
      given = true;
    };
    try {
      await this.#removing.get(digest);
      await this.#options.names.tag(`${ownerOf(digest)}:builder`, digest);
      const { config } = await readImageDocuments(store, digest);
      requireArchitecture(config, call);
      const root = await this.#once(digest, () => this.#unpack(digest, call));
      const facts = readBuilderFacts(name, config, await filesOf(root));
      const [first] = facts.runImages;
      const own = call.trusted ? call.runImage : undefined;
      const runImage = own ?? (await this.#runImage(first, { builder: digest, layout }, call));
      call.tell(builderTold(facts, runImage.name));
      const { uid, gid } = facts.user;
      const { home } = await readImageUser(root, `${uid}:${gid}`);
      const cacheMaker = isPath ? "installation" : makerOf(name);
      return {
        ...{ facts, root, home, image: isPath ? digest : pinnedName(name, digest) },
        cacheMaker,
        runImage,
        buildpacks: facts.buildpacks,
        order: facts.order,
        giveBack,
      };
    } catch (thrown) {
      giveBack();
      throw thrown;
    }
  }

  #runImage(
    named: BuilderFacts["runImages"][0],
    from: { readonly builder: string; readonly layout: Layout },
    call: ReadyCall,
  ): Promise<RunImage> {
    return bringRunImage(named, call.signal, async (name) => {
      const what = { name, kind: "run image" as const, layout: from.layout };
      const digest = await this.#once(callKey(name, call), () => this.#bring(what, call));
      await this.#options.names.tag(`${ownerOf(from.builder)}:run`, digest);
      return await readForeignRunImage(this.#options.store, digest, { name, path: layoutPathOf(name) });
    });
  }

  /** Has the image in the store, and returns the manifest's digest. */
  async #bring(
    { name, kind, layout }: { name: string; kind: PulledKind; layout: Layout },
    call: ReadyCall,
  ): Promise<string> {
    const { store, host } = this.#options;
    const { architecture } = call;
    const onSize = ({ missing }: { readonly missing: number }) => {
      if (missing > 0) call.tell(pullingTold(kind, name, missing));
    };
    const pull = { to: intoStore(store), architecture, limitBytes: PULLED_BYTES, onSize };
    const origin = kind === "builder" ? layout?.first : layout?.named(namesOf(name));
    if (origin) return (await pullImage(origin, pull))?.digest ?? missingImage(name);
    const reference = parseShortReference(name);
    const others = architecture === host.architecture ? {} : { architecture };
    const noted = [call.trusted, name, ...Object.values(others)].join(" ");
    const record = join(this.#options.folder, "known", `${hexOf(digestOf(noted))}.json`);
    if (
      reference.digest &&
      (await store.has(reference.digest)) &&
      (await isManifest(store, reference.digest))
    )
      return reference.digest;
    try {
      const access = { ...this.#options, trusted: call.trusted, signal: call.signal };
      const image = await withRegistryImage(reference, access, (from) => pullImage(from, pull));
      const digest = image?.digest ?? missingImage(referenceText(reference));
      await writeFile(record, JSON.stringify({ name, digest, ...others }));
      return digest;
    } catch (thrown) {
      call.signal.throwIfAborted();
      const before = await this.#knownBefore(record, thrown);
      if (before === undefined) throw thrown;
      call.tell(keptTold(kind, thrown));
      return before;
    }
  }

  /** A registry that is away does not stop builds in what is there. */
  async #knownBefore(record: string, thrown: unknown): Promise<string | undefined> {
    if (!(thrown instanceof RegistryRequestError) || !thrown.passing) return undefined;
    const text = await readFile(record, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const { digest } = JSON.parse(text) as { digest: string };
    return (await this.#options.store.has(digest)) ? digest : undefined;
  }

  async #unpack(digest: string, { tell }: ShelfCall): Promise<string> {
    const { store, owner, folder } = this.#options;
    const roots = join(folder, "roots");
    const [root, record] = [join(roots, hexOf(digest)), join(roots, `${hexOf(digest)}.json`)];
    const now = new Date(this.#options.now());
    if (
      await utimes(record, now, now).then(
        () => true,
        () => false,
      )
    )
      return root;
    await removeTree(root);
    const { manifest, config } = await readImageDocuments(store, digest);
    const { diff_ids } = config.rootfs;
    tell("-----> Unpacking builder");
    const aside = join(roots, `.${hexOf(digest)}`);
    await removeTree(aside);
    const layers = manifest.layers.map((layer, n) => ({ digest: layer.digest, diffId: diff_ids[n] ?? "" }));
    try {
      const own = owner ? { owner } : {};
      const from = { store, limits: ROOT_LIMITS, ...own };
      const bytes = await makeImageRoot(layers, aside, `${aside}-layer`, from);
      await rename(aside, root);
      await writeFile(record, JSON.stringify({ bytes } satisfies RootRecord));
    } finally {
      await removeTree(aside);
    }
    await utimes(record, now, now);
    return root;
  }

  tidy(): Promise<void> {
    return this.#once("tidy", () => this.#tidy());
  }

  async #tidy(): Promise<void> {
    const roots = join(this.#options.folder, "roots");
    const { bounds = BOUNDS, now } = this.#options;
    const all = await Promise.all(
      (await readdir(roots))
        .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
        .map((name) => this.#sizeOf(name)),
    );
    for (const digest of planShelf(all, now(), bounds)) {
      // Whoever has taken it meanwhile keeps it; whoever takes it from here on waits, and makes it anew.
      if ((this.#uses.get(digest) ?? 0) > 0) continue;
      const removal = this.#remove(digest).finally(() => this.#removing.delete(digest));
      this.#removing.set(
        digest,
        removal.catch(() => {}),
      );
      await removal;
    }
    const known = join(this.#options.folder, "known");
    for (const name of await readdir(known))
      if ((await stat(join(known, name))).mtimeMs < now() - bounds.unusedMs)
        await removeTree(join(known, name));
  }

  async #remove(digest: string): Promise<void> {
    const roots = join(this.#options.folder, "roots");
    await this.#options.names.forget(ownerOf(digest));
    await removeTree(join(roots, `${hexOf(digest)}.json`));
    await removeTree(join(roots, hexOf(digest)));
  }

  async #sizeOf(name: string) {
    const path = join(this.#options.folder, "roots", name);
    const digest = `sha256:${name.slice(0, 64)}`;
    const { bytes } = JSON.parse(await readFile(path, "utf8")) as RootRecord;
    return { digest, bytes, usedAt: (await stat(path)).mtimeMs, inUse: (this.#uses.get(digest) ?? 0) > 0 };
  }

  /** What is under way is shared. What another's build broke off, or failed at, is tried for this one. */
  async #once<T>(key: string, work: () => Promise<T>): Promise<T> {
    for (let running = this.#underWay.get(key); running; running = this.#underWay.get(key)) {
      const shared = await running.then((value) => ({ value: value as T })).catch(() => undefined);
      if (shared) return shared.value;
    }
    const started = work().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, started);
    return await started;
  }
}

/** A call with what it means here. */
interface ReadyCall extends ShelfCall {
  readonly architecture: HostRelease["architecture"];
  /** Named by the operator. */
  readonly trusted: boolean;
  /** The operator's, for these processors. */
  readonly runImage: RunImage | undefined;
}

function isNamed(builder: string | undefined): boolean {
  return builder !== undefined && !builder.startsWith("/");
}

function callKey(name: string, { trusted, architecture }: ReadyCall): string {
  return `${name} ${trusted} ${architecture}`;
}

/** What is named by its digest, or is a file, is looked at here only. */
function requireArchitecture(config: { readonly architecture: string }, { architecture }: ReadyCall): void {
  if (config.architecture !== architecture)
    throw new Error(`it is made for ${config.architecture}, and this build is for ${architecture}`);
}

type Layout = Awaited<ReturnType<typeof openNamedLayout>> | undefined;

/** How the store calls what a builder needs; no app and no repository can have such a name. */
function ownerOf(digest: string): string {
  return `Builder.${hexOf(digest).slice(0, 32)}`;
}

async function isManifest(store: ImageStore, digest: string): Promise<boolean> {
  return await readImageDocuments(store, digest).then(
    () => true,
    () => false,
  );
}

async function filesOf(root: string) {
  const read = (name: string) => readInside(root, `cnb/${name}`, FILE_BYTES);
  return {
    order: await read("order.toml"),
    run: await read("run.toml"),
    stack: await read("stack.toml"),
    lifecycle: await read("lifecycle/lifecycle.toml"),
    hasLifecycle: (await kindInside(root, "cnb/lifecycle/creator")) !== "none",
  };
}
