/** What an app is wanted to be: its config, its code by the label it answers with, and how many dynos of each type. */
export interface AppState {
  readonly config: Readonly<Record<string, string>>;
  readonly label: string;
  readonly quantities: Readonly<Record<string, number>>;
}

/** What must be of an app, by what an outside client was told. */
export interface AppLedger {
  /** One when the last change was acknowledged; also the one before when it was not. */
  readonly possible: readonly AppState[];
  /** Versions and ids of releases that were seen or acknowledged: none of them may ever be away. */
  readonly releases: Readonly<Record<number, string>>;
  /** Whether its releases run a command, which a fault may end: then a release may fail. */
  readonly runsCommand: boolean;
}

export interface SeenRelease {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly current: boolean;
  /** Of its code, where it has any. */
  readonly imageId?: string | undefined;
}

/** What was found of an app, through the API and by a visit. */
export interface SeenApp {
  readonly config: Readonly<Record<string, string>>;
  /** Of the current release. */
  readonly currentConfig: Readonly<Record<string, string>>;
  readonly answer: { readonly status: number; readonly label?: string; readonly greeting?: string };
  readonly quantities: Readonly<Record<string, number>>;
  readonly releases: readonly SeenRelease[];
  readonly pendingBuilds: number;
  readonly dynos: readonly { readonly type: string; readonly state: string; readonly version: number }[];
}

/** A change is on its way: it may or may not become. */
export function intend(ledger: AppLedger, change: (state: AppState) => AppState): AppLedger {
  return { ...ledger, possible: [...ledger.possible, ...ledger.possible.map(change)] };
}

/** The change has been acknowledged: from now on it must be. */
export function acknowledge(ledger: AppLedger, change: (state: AppState) => AppState): AppLedger {
  return { ...ledger, possible: ledger.possible.map(change) };
}

/** What was found is what must stay. */
export function adopt(ledger: AppLedger, seen: SeenApp): AppLedger {
  return {
    ...ledger,
    possible: [stateOf(seen)],
    releases: Object.fromEntries(seen.releases.map(({ version, id }) => [version, id])),
  };
}

function stateOf({ config, answer, quantities }: SeenApp): AppState {
  return { config, label: answer.label ?? "", quantities };
}

/** What is wrong with an app, a sentence each. Some of it may only not be over yet. */
export function judgeApp(seen: SeenApp, ledger: AppLedger): readonly string[] {
  return [...judgeHistory(seen, ledger), ...judgeState(seen, ledger), ...judgeDynos(seen)];
}

function judgeHistory({ releases, pendingBuilds }: SeenApp, ledger: AppLedger): readonly string[] {
  const versions = releases.map(({ version }) => version).sort((a, b) => a - b);
  const gap = versions.find((version, i) => version !== i + 1);
  const current = releases.filter((release) => release.current);
  const newest = Math.max(
    ...releases.filter(({ status }) => status === "succeeded").map(({ version }) => version),
  );
  const lost = Object.entries(ledger.releases).filter(
    ([version, id]) => !releases.some((release) => release.version === Number(version) && release.id === id),
  );
  return [
    ...lost.map(([version]) => `release v${version} was there and is not`),
    ...(gap === undefined ? [] : [`the versions have a gap or a double before v${gap}`]),
    ...(current.length === 1 ? [] : [`${current.length} releases are current`]),
    ...(current.length === 1 && current[0]?.version !== newest
      ? [`v${current[0]?.version} is current, and v${newest} succeeded`]
      : []),
    ...releases
      .filter(({ status }) => status === "pending")
      .map(({ version }) => `release v${version} is pending`),
    ...(ledger.runsCommand
      ? []
      : releases
          .filter(({ status }) => status === "failed")
          .map(({ version }) => `release v${version} failed`)),
    ...(pendingBuilds > 0 ? [`${pendingBuilds} builds are pending`] : []),
  ];
}

function judgeState(seen: SeenApp, { possible }: AppLedger): readonly string[] {
  const { answer, currentConfig } = seen;
  const failed = seen.releases.reduce((a, b) => (b.version > a.version ? b : a)).status === "failed";
  const found = stateOf(seen);
  const fits = possible.some(
    (state) =>
      same(state.config, found.config) &&
      same(state.quantities, found.quantities) &&
      (state.label === found.label || failed),
  );
  const wanted = possible.map((state) => JSON.stringify(state)).join(" or ");
  return [
    ...(answer.status === 200 ? [] : [`it answers ${answer.status}`]),
    ...(answer.status === 200 && answer.greeting !== currentConfig.GREETING
      ? [`it greets with ${answer.greeting}, and its release says ${currentConfig.GREETING}`]
      : []),
    ...(failed || same(seen.config, currentConfig) ? [] : ["its config is not that of its current release"]),
    ...(fits ? [] : [`it is ${JSON.stringify(found)}, and was acknowledged as ${wanted}`]),
  ];
}

function judgeDynos({ dynos, quantities, releases }: SeenApp): readonly string[] {
  const current = releases.find((release) => release.current)?.version;
  const types = Object.entries(quantities).flatMap(([type, wanted]) => {
    const good = dynos.filter(
      (dyno) => dyno.type === type && dyno.state === "up" && dyno.version === current,
    );
    return good.length === wanted
      ? []
      : [`${good.length} of ${wanted} ${type} dynos are up with v${current}`];
  });
  const total = Object.values(quantities).reduce((sum, one) => sum + one, 0);
  const more = dynos.length > total ? [`${dynos.length} dynos are there, and ${total} are wanted`] : [];
  return [...types, ...more];
}

function same(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const sorted = (record: Readonly<Record<string, unknown>>) =>
    JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
