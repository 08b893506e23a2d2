const { spawn } = require("node:child_process");
const { call, canary, given, pids, program, quietly, read } = require("./shared.js");

const verdict = (found) => [found.length > 0 ? "yes" : "no", found.join(" ")];

/** Those of the machine's; one of this dyno's own may have the same number by chance. */
const outside = () =>
  given("ESCAPE_PIDS").map(Number).filter((pid) => !pids().includes(pid) || /^conifer /.test(read(`/proc/${pid}/cmdline`)));

module.exports = {
  "others-processes": () => {
    const word = canary();
    const ofOthers = pids().filter((pid) => {
      const command = read(`/proc/${pid}/cmdline`);
      return /^conifer |^postgres/.test(command) || (word && read(`/proc/${pid}/environ`).includes(word));
    });
    return verdict(ofOthers);
  },

  signal: () => verdict(outside().filter((pid) => quietly(() => process.kill(pid, 0), false))),

  // Attached and let go again: it stops whom it reaches for a moment.
  trace: () => verdict(outside().filter((pid) => call("ptrace", 16, pid, 0, 0).ok && call("ptrace", 17, pid, 0, 0))),

  // A program with a set-user-id bit that waits for a password shows who it has become.
  setuid: async () => {
    const { stdout } = program("find", "/usr/bin", "/bin", "-perm", "-4000", "-name", "su");
    if (!stdout.trim()) return ["untried", "there is no su"];
    const child = spawn(stdout.split("\n")[0], ["root", "-c", "sleep 1"], { stdio: ["pipe", "ignore", "ignore"] });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const [, , effective = "none"] = /^Uid:\t(\d+)\t(\d+)/m.exec(read(`/proc/${child.pid}/status`)) ?? [];
    child.kill("SIGKILL");
    return [effective === "0" ? "yes" : "no", `it runs as ${effective}`];
  },

  capabilities: () => {
    const status = read("/proc/self/status");
    const sets = [...status.matchAll(/^(Cap(?:Inh|Prm|Eff|Bnd|Amb)):\t0*([0-9a-f]+)$/gm)].filter(([, , bits]) => bits !== "0");
    const found = sets.map(([, name, bits]) => `${name} ${bits}`);
    return verdict([...found, ...(/^NoNewPrivs:\t1$/m.test(status) ? [] : ["may gain privileges"])]);
  },
};
