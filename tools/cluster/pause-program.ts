import { findStarters, type LiveNode, seeProcesses } from "./cluster-processes.ts";

/**
 * Stops a program of some nodes where it is: connections stay open and nothing answers, which is worse for who waits than a
 * program that is gone. Returns what lets it go on. Throws when it runs on none of them.
 */
export function pauseProgram(nodes: readonly LiveNode[], program: string): () => void {
  const running = nodes.flatMap(({ pid: node, programs }) => {
    const pid = programs.get(program);
    return pid === undefined ? [] : [{ node, pid }];
  });
  if (running.length === 0) throw new Error(`${program} does not run there`);
  for (const { pid } of running) process.kill(pid, "SIGSTOP");
  return () => {
    // What started it has stopped with it, and does not go on with it.
    const starters = running.flatMap(({ node }) => findStarters(node, seeProcesses()));
    for (const pid of [...running.map((one) => one.pid), ...starters]) process.kill(pid, "SIGCONT");
  };
}
