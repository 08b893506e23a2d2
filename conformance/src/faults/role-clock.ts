import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The clock that Conifer's own processes read. A machine has one clock, which is not ours to set: Node.js is told to load a
 * few lines before anything else, that add to it what a file says. PostgreSQL and apps go on with the machine's.
 */
export interface RoleClock {
  /** For whoever starts the platform. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that are added from now on. Processes look four times a second. */
  step(ms: number): void;
}

const LOOK_MS = 250;

export function makeRoleClock(folder: string): RoleClock {
  const program = join(folder, "role-clock.mjs");
  const offset = join(folder, "role-clock.txt");
  writeFileSync(offset, "0");
  writeFileSync(program, PROGRAM.replace("OFFSET_FILE", JSON.stringify(offset)));
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(program)}` },
    step: (ms) => writeFileSync(offset, String(ms)),
  };
}

const PROGRAM = `import { readFileSync } from "node:fs";
const RealDate = Date;
let added = 0;
const look = () => {
  try { added = Number(readFileSync(OFFSET_FILE, "utf8")) || 0; } catch {}
};
look();
setInterval(look, ${LOOK_MS}).unref();
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [target.now() + added], made),
  apply: (target) => new target(target.now() + added).toString(),
  get: (target, name) => (name === "now" ? () => target.now() + added : Reflect.get(target, name)),
});
`;
