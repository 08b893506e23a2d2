import { granted } from "./api-call.ts";
import type { Journey, JourneyApp } from "./journey.ts";
import type { TrialAnswer } from "./trial-app.ts";
import { waitUntil } from "./wait-until.ts";

/** A dyno as the API lists it. */
export interface ListedDyno {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly release: { readonly version: number };
}

/** Changes a trial app through the API, which is quicker than the client, and looks at what becomes of it. */
export interface AppControl {
  setConfig(vars: Readonly<Record<string, string | null>>): Promise<void>;
  scale(type: string, quantity: number): Promise<void>;
  /** Makes a release of an earlier one. */
  rollBack(version: number): Promise<void>;
  newestVersion(): Promise<number>;
  dynos(type?: string): Promise<readonly ListedDyno[]>;
  /** Waits until the dynos of a type have these states, in any order. */
  dynosAre(type: string, states: readonly string[], ms?: number): Promise<void>;
  /** What the trial app answers now; throws when it does not. */
  answer(): Promise<TrialAnswer>;
  /** Waits for such an answer. */
  answers(wanted: (answer: TrialAnswer) => boolean, ms?: number): Promise<TrialAnswer>;
  /** The lines about starts of dynos, of those that the log still shows. */
  starts(): Promise<readonly string[]>;
}

const WAIT_MS = 30_000;

export function controlApp(journey: Pick<Journey, "api">, app: JourneyApp): AppControl {
  const call = granted((method, path, body) => journey.api(method, `/apps/${app.name}${path}`, body));
  const dynos: AppControl["dynos"] = async (type = "web") =>
    (await call("GET", "/dynos")).filter((dyno: ListedDyno) => dyno.type === type);
  return {
    dynos,
    setConfig: async (vars) => void (await call("PATCH", "/config-vars", vars)),
    scale: async (type, quantity) => void (await call("PATCH", `/formation/${type}`, { quantity })),
    rollBack: async (version) => {
      const { id } = await call("GET", `/releases/${version}`);
      await call("POST", "/releases", { release: id });
    },
    newestVersion: async () => {
      const releases = await call("GET", "/releases");
      return Math.max(...releases.map(({ version }: { version: number }) => version));
    },
    dynosAre: async (type, states, ms = WAIT_MS) => {
      let there = "";
      const look = async () => {
        const found = await dynos(type).catch((thrown: Error) => {
          there = `${thrown.message} ${thrown.cause ?? ""}`;
          return undefined;
        });
        if (!found) return false;
        there = found.map(({ name, state, release }) => `${name} v${release.version} ${state}`).join("\n");
        const now = found.map(({ state }) => state).sort();
        return now.join() === [...states].sort().join();
      };
      await waitUntil(`${type} dynos that are ${states.join(", ")}`, look, { ms, instead: () => there });
    },
    answer: async () => {
      const { status, body } = await app.page();
      if (status !== 200) throw new Error(`${app.name} answers ${status}: ${body}`);
      return JSON.parse(body);
    },
    answers: async (wanted, ms = WAIT_MS) => {
      let last = "";
      const look = async () => {
        const { status, body } = await app.page().catch((thrown) => ({ status: 0, body: String(thrown) }));
        last = `${status} ${body}`;
        if (status !== 200) return undefined;
        const found = JSON.parse(body) as TrialAnswer;
        return wanted(found) && found;
      };
      return await waitUntil(`an answer of ${app.name}`, look, { ms, instead: () => last });
    },
    starts: async () =>
      (await app.logLines()).filter((line) => line.includes("Starting process with command")),
  };
}
