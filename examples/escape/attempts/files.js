const { accessSync, closeSync, constants, lstatSync, openSync, unlinkSync } = require("node:fs");
const { join } = require("node:path");
const { canary, given, list, pids, program, quietly, read } = require("./shared.js");

const can = (path, how) => quietly(() => (accessSync(path, how), true), false);

/** Every way that leads to a path of the machine's, if any does. */
function ways(path) {
  const roots = pids().flatMap((pid) => [`/proc/${pid}/root`, `/proc/${pid}/cwd`]);
  return ["", "/mnt", "/proc/self/root", "/..", ...roots].map((root) => root + path);
}

const verdict = (found) => [found.length > 0 ? "yes" : "no", found.join(" ")];

module.exports = {
  "conifer-home": () => verdict(given("ESCAPE_HOME").flatMap(ways).filter((path) => list(path).length > 0)),

  "machine-files": () => {
    const secrets = ["/etc/shadow", "/etc/machine-id", "/root/.bashrc", "/root/.profile", "/var/lib/dpkg/status", "/boot/grub"];
    const found = secrets.flatMap(ways).filter((path) => can(path, constants.R_OK));
    return verdict([...found, ...list("/home").filter((name) => name !== "dyno")]);
  },

  "others-files": () => {
    const word = canary();
    if (!word) return ["untried", "ESCAPE_CANARY says nothing"];
    const places = ["/workspace", "/layers", "/layouts", "/platform", "/cnb", "/tmp", "/var", "/home", "/run", "/dev/shm"];
    const { stdout } = program("grep", "-rslI", "--exclude-dir=proc", word, ...places);
    return verdict(stdout.split("\n").filter(Boolean));
  },

  "write-base": () => {
    const places = ["/usr", "/usr/bin", "/bin", "/lib", "/etc", "/etc/ssl/certs", "/", "/proc/sys/kernel", "/sys"];
    const writes = (path) => {
      closeSync(openSync(join(path, "escape"), "w"));
      unlinkSync(join(path, "escape"));
      return true;
    };
    return verdict(places.filter((path) => quietly(() => writes(path), false)));
  },

  "kernel-settings": () => {
    const walk = (folder) =>
      list(folder).flatMap((name) => {
        const path = join(folder, name);
        const entry = quietly(() => lstatSync(path));
        if (entry?.isDirectory()) return walk(path);
        return entry?.isFile() && can(path, constants.W_OK) ? [path] : [];
      });
    const opened = (path) => quietly(() => (closeSync(openSync(path, "r+")), true), false);
    const single = ["/proc/sysrq-trigger", "/proc/latency_stats", "/proc/mtrr"];
    return verdict([...walk("/proc/sys"), ...walk("/proc/irq"), ...walk("/sys"), ...single].filter(opened));
  },

  "kernel-secrets": () => {
    const names = ["kcore", "keys", "timer_list", "sched_debug", "interrupts", "latency_stats", "vmallocinfo", "kpagecount"];
    const firmware = ["/sys/firmware", "/sys/kernel", "/sys/devices"].filter((path) => list(path).length > 0);
    return verdict([...names.map((name) => `/proc/${name}`).filter((path) => read(path) !== ""), ...firmware]);
  },

  devices: () => {
    const made = program("mknod", "/tmp/escape-disk", "b", "254", "0").status === 0 && can("/tmp/escape-disk", constants.R_OK);
    const ours = ["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"];
    const others = list("/dev").filter((name) => !ours.includes(name) && quietly(() => !lstatSync(`/dev/${name}`).isFIFO()));
    const special = others.filter((name) => quietly(() => lstatSync(`/dev/${name}`).rdev !== 0, false));
    return verdict([...special, ...(made ? ["a disk by mknod"] : [])]);
  },
};
