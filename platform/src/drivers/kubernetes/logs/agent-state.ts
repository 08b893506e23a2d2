import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PodFacts } from "./pod-facts.ts";
import type { OutputPlace } from "./pod-output.ts";

export interface KeptPod {
  readonly facts: PodFacts;
  readonly place?: OutputPlace | undefined;
}

/**
 * What an agent knows of its node's pods, a file for each, so that the next agent can go on. It may be behind the log
 * store, which then says so, and it may be lost: pods that are there are then read from the beginning, and the store
 * takes what it does not have.
 */
export interface AgentState {
  readonly scratch: string;
  load(): KeptPod[];
  keep(pod: KeptPod): void;
  forget(uid: string): void;
}

const NAME = /^([\w-]{1,64})\.json$/;

export function openAgentState(folder: string): AgentState {
  const pods = join(folder, "pods");
  const scratch = join(folder, "scratch");
  rmSync(scratch, { recursive: true, force: true });
  for (const each of [pods, scratch]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const fileOf = (uid: string) => join(pods, `${uid}.json`);
  return {
    scratch,
    load: () =>
      readdirSync(pods).flatMap((name) => {
        const [, uid] = NAME.exec(name) ?? [];
        const kept = uid === undefined ? undefined : readKept(join(pods, name));
        if (kept?.facts.uid === uid && kept) return [kept];
        rmSync(join(pods, name), { force: true });
        return [];
      }),
    keep: (pod) => {
      const file = fileOf(pod.facts.uid);
      writeFileSync(`${file}.new`, JSON.stringify(pod), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    forget: (uid) => rmSync(fileOf(uid), { force: true }),
  };
}

/** Undefined for a file that a lost node left without its content. */
function readKept(file: string): KeptPod | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as KeptPod;
    const { uid, namespace, pod, appId, names } = kept.facts;
    const areTexts = [uid, namespace, pod, appId].every((text) => typeof text === "string" && text !== "");
    return areTexts && Array.isArray(names) ? kept : undefined;
  } catch {
    return undefined;
  }
}
