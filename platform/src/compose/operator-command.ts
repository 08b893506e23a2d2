import { readFileSync } from "node:fs";
import { callPeer, PeerGone } from "../drivers/embedded/local/index.ts";
import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";

/** Calls one of the operator's routes of the instance on this machine. */
export type CallControl = (route: string, body?: unknown) => Promise<unknown>;

/** Runs an operator's command with the words of the command line, and prints what came of it; 1 is the status of a failure. */
export async function runOperatorCommand(
  command: (args: readonly string[], call: CallControl) => Promise<string>,
): Promise<void> {
  const { home } = readConfig(process.env);
  const call: CallControl = async (route, body) => {
    const peer = { socketPath: home.controlSocket, secret: readSecret(home.secretFile) };
    return await callPeer(peer, route, { body });
  };
  try {
    console.log(await command(process.argv.slice(2), call));
  } catch (thrown) {
    const gone = thrown instanceof PeerGone;
    console.error(gone ? `Conifer does not run in ${home.root}. Start it: npm start` : errorText(thrown));
    process.exitCode = 1;
  }
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PeerGone(`${file} is not there`, { cause });
  }
}
