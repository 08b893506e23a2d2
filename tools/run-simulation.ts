import { tellUnasked } from "./number-arguments.ts";
import { playDeliveries } from "./simulation/play-deliveries-fixtures.ts";
import { playInThreads } from "./simulation/play-in-threads-fixtures.ts";
import { readSimulationArguments } from "./simulation-arguments.ts";

/** `npm run test:simulation`: many schedules of faults, in virtual time or step by step, and last lines that count them. */
async function main(): Promise<number> {
  const asked = readSimulationArguments(process.argv.slice(2));
  if (!("seed" in asked)) return tellUnasked(asked);
  const { seed, count, workers } = asked;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const say = (line: string) => console.log(line);
  const play = asked.deliveries ? playDeliveries : playInThreads;
  const { passed, failed, rate } = await play({ ...asked, say, signal: stop.signal });
  console.log(`seeds ${seed} to ${seed + count - 1}: ${rate} schedules a second, ${workers} worker(s)`);
  const left = count - passed - failed;
  console.log(`${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ""}`);
  return failed > 0 || left > 0 || passed === 0 ? 1 : 0;
}

process.exitCode = await main();
