/** What a Gemfile.lock says. */
export interface GemfileLock {
  /** Versions by name of the gem, of all sources. */
  readonly gems: ReadonlyMap<string, string>;
  /** Files that `vendor/cache` would have for gems of package servers: `rack-3.1.0`, `nokogiri-1.16.0-x86_64-linux`. */
  readonly fetched: readonly string[];
  readonly platforms: readonly string[];
  /** `3.1.4` of `RUBY VERSION`. */
  readonly ruby: string | undefined;
  /** `BUNDLED WITH` */
  readonly bundler: string | undefined;
  /** Package servers other than rubygems.org. */
  readonly servers: readonly string[];
  /** Left by a merge that did not end. */
  readonly conflicted: boolean;
}

/** Larger ones than any app has. */
const MOST_LINES = 100_000;

/** Reads a Gemfile.lock, in the form Bundler writes: sections in capitals, what belongs to them indented. */
export function readGemfileLock(text: string): GemfileLock {
  const gems = new Map<string, string>();
  const [fetched, platforms, servers]: string[][] = [[], [], []];
  let section = "";
  let ruby: string | undefined;
  let bundler: string | undefined;
  for (const line of text.split(/\r?\n/, MOST_LINES)) {
    if (/^\S/.test(line)) section = line.trim();
    const [, name = "", version = "", platform = ""] =
      /^ {4}([\w.-]+) \(([^\s)-]+)(?:-([^)]+))?\)$/.exec(line) ?? [];
    if (/^(?:GEM|PATH|GIT|PLUGIN SOURCE)$/.test(section) && name !== "") {
      gems.set(name, version);
      if (section === "GEM") fetched?.push(`${name}-${version}${platform === "" ? "" : `-${platform}`}`);
    }
    const remote = /^ {2}remote: (\S+)$/.exec(line)?.[1];
    if (section === "GEM" && remote !== undefined && !/^https?:\/\/rubygems\.org\/?$/.test(remote))
      servers?.push(remote);
    const entry = /^ {2,3}(\S.*)$/.exec(line)?.[1]?.trim();
    if (entry === undefined) continue;
    if (section === "PLATFORMS") platforms?.push(entry);
    if (section === "RUBY VERSION") ruby ??= /^ruby (\d+(?:\.\d+)+)/.exec(entry)?.[1];
    if (section === "BUNDLED WITH") bundler ??= /^\d+(?:\.\w+)+$/.exec(entry)?.[0];
  }
  const conflicted = /^(?:<{7}|={7}|>{7})/m.test(text);
  return {
    ...{ gems, fetched: fetched ?? [], platforms: platforms ?? [], servers: servers ?? [] },
    ...{ ruby, bundler, conflicted },
  };
}

/** Platforms of lock files that this machine's gems are of, by Node's name of the processor. */
const PLATFORMS: Readonly<Record<string, RegExp>> = {
  x64: /^(?:ruby|x86_64-linux(?:-gnu)?)$/,
  arm64: /^(?:ruby|aarch64-linux(?:-gnu)?|arm64-linux)$/,
};

/** Whether the lock file was resolved for this machine; one without platforms is taken for any. */
export function locksPlatform({ platforms }: Pick<GemfileLock, "platforms">, arch: string): boolean {
  return platforms.length === 0 || platforms.some((one) => PLATFORMS[arch]?.test(one));
}
