import { errorText, type Logger, type Running } from "../kernel/index.ts";
import { type Config, readConfig } from "./config.ts";
import { makeProcessLogger } from "./process-logger.ts";
import { startProbes } from "./role-probes.ts";
import type { ClusterRoleName, RoleName } from "./supervisor-environment.ts";
import { type ReadyMessage, sayReady } from "./supervisor-messages.ts";

export interface Role {
  readonly name: RoleName | ClusterRoleName;
  start(config: Config, logger: Logger): Promise<Running & Pick<ReadyMessage, "isolation">>;
  /** What only an operator can mend, in words for the operator: the role then ends with a status that says so. */
  readonly explain?: (thrown: unknown, config: Config) => string | undefined;
}

/** A failure that starting again does not mend, such as a port that is taken (sysexits.h, EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Runs a role as this process: starts it, tells the supervisor, and stops it in good order on SIGTERM. */
export async function runRole(role: Role): Promise<void> {
  process.title = `conifer ${role.name}`;
  const config = readConfig(process.env);
  const logger = makeProcessLogger(role.name, config.logLevel);
  const probes = config.probePort === undefined ? undefined : await startProbes(config.probePort);
  try {
    const running = await role.start(config, logger);
    stopOnSignal(running, () => probes?.leave(), logger);
    probes?.enter();
    sayReady(running.isolation ? { isolation: running.isolation } : {});
  } catch (thrown) {
    const told = role.explain?.(thrown, config);
    process.stderr.write(`conifer ${role.name}: ${told ?? errorText(thrown)}\n`);
    if (told === undefined) logger.error("the role could not start", { error: thrown });
    process.exit(told === undefined ? 1 : EXIT_CONFIG);
  }
}

function stopOnSignal(running: Running, leave: () => void, logger: Logger): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    leave();
    running.stop().then(
      () => process.exit(0),
      (thrown) => {
        logger.error("the role did not stop cleanly", { error: thrown });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}
