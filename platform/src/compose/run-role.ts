import { errorText, type Logger, type Running } from "../kernel/index.ts";
import { type Meter, makeMeter, metricsText } from "../observe/metric/index.ts";
import type { Tracer } from "../observe/trace/index.ts";
import { type Config, readConfig } from "./config.ts";
import { makeProcessLogger } from "./process-logger.ts";
import { startProbes } from "./role-probes.ts";
import { makeReadiness, type ReadyCheck } from "./role-readiness.ts";
import { startRoleSocket } from "./role-socket.ts";
import { startTraces } from "./start-traces.ts";
import type { ClusterRoleName, RoleName } from "./supervisor-environment.ts";
import { type ReadyMessage, sayReady } from "./supervisor-messages.ts";

/** A role that has started, and what it needs to go on. */
export interface RunningRole extends Running, Pick<ReadyMessage, "isolation"> {
  readonly checks?: readonly ReadyCheck[];
}

export interface Role {
  readonly name: RoleName | ClusterRoleName;
  start(config: Config, logger: Logger, meter: Meter, tracer: Tracer): Promise<RunningRole>;
  /** What only an operator can mend, in words for the operator: the role then ends with a status that says so. */
  readonly explain?: (thrown: unknown, config: Config) => string | undefined;
}

/** A failure that starting again does not mend, such as a port that is taken (sysexits.h, EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Runs a role as this process: starts it, tells the supervisor, and stops it in good order on SIGTERM. */
export async function runRole(role: Role): Promise<void> {
  process.title = `conifer ${role.name}`;
  const config = readConfig(process.env);
  const meter = makeMeter(role.name);
  const logger = makeProcessLogger(role.name, config.logLevel, {
    lost: () => meter.add("conifer_own_log_lines_lost_total", {}),
  });
  const readiness = makeReadiness();
  const traces = startTraces(role.name, config, { meter, logger });
  try {
    await tellOthers(role.name, config, { readiness, logger, meter });
    const running = await role.start(config, logger, meter, traces.tracer);
    stopOnSignal(endingWith(running, traces), readiness.leave, logger);
    readiness.enter(running.checks);
    sayReady(running.isolation ? { isolation: running.isolation } : {});
  } catch (thrown) {
    const told = role.explain?.(thrown, config);
    process.stderr.write(`conifer ${role.name}: ${told ?? errorText(thrown)}\n`);
    if (told === undefined) logger.error("the role could not start", { error: thrown });
    process.exit(told === undefined ? 1 : EXIT_CONFIG);
  }
}

/** Whoever wants to know how this role is can ask: the kubelet at a port, our own processes on this machine by a socket. */
async function tellOthers(
  name: Role["name"],
  config: Config,
  parts: Parameters<typeof startRoleSocket>[2],
): Promise<void> {
  const { probePort, systemNamespace, metricsToken: token } = config;
  if (probePort !== undefined) {
    const metrics = async () => await metricsText(await parts.meter.told());
    await startProbes(probePort, { readiness: parts.readiness, token, metrics });
  }
  if (systemNamespace === undefined && isOfMachine(name)) await startRoleSocket(name, config, parts);
}

function isOfMachine(name: Role["name"]): name is RoleName {
  return name === "control" || name === "host" || name === "router" || name === "registry";
}

/** What a role does as it ends is told, too. */
function endingWith(role: Running, traces: Running): Running {
  return { stop: () => role.stop().finally(() => traces.stop()) };
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
