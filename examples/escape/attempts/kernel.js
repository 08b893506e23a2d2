const { call, program } = require("./shared.js");

const verdict = (found) => [found.length > 0 ? "yes" : "no", found.join(" ")];
const done = (...command) => program(...command).status === 0;

module.exports = {
  mount: () => {
    const commands = [
      ["mount", "-t", "tmpfs", "none", "/tmp"],
      ["mount", "-o", "remount,rw,bind", "/usr"],
      ["umount", "/proc"],
      ["umount", "-l", "/usr"],
      ["pivot_root", ".", "mnt"],
    ];
    const byCall = call("mount", '"none"', '"/tmp"', '"tmpfs"', 0, 0);
    return verdict([...commands.filter((command) => done(...command)).map((words) => words.join(" ")), ...(byCall.ok ? ["mount(2)"] : [])]);
  },

  "own-namespace": () => {
    const line = "mount -t tmpfs none /tmp && echo x >/tmp/x";
    return verdict(done("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", line) ? ["root of one, with mounts"] : []);
  },

  modules: () => {
    const tries = { init_module: call("init_module", 0, 0, '""'), delete_module: call("delete_module", '"escape"', 0) };
    return verdict(Object.entries(tries).flatMap(([name, { says }]) => (/EPERM|ENOSYS/.test(says) ? [] : [`${name}: ${says}`])));
  },

  machine: () => {
    // None of them would do anything if it were allowed: the arguments are wrong.
    const tries = { reboot: [0, 0, 0, 0], swapon: [0, 0], kexec_load: [0, 0, 0, 0] };
    const allowed = Object.entries(tries).flatMap(([name, args]) => {
      const { says } = call(name, ...args);
      return /EPERM|ENOSYS/.test(says) ? [] : [`${name}: ${says}`];
    });
    return verdict(allowed);
  },

  "kernel-doors": () => {
    const tries = {
      add_key: ['"user"', '"escape"', '"x"', 1, -3],
      bpf: [0, 'pack("L4 x56", 2, 4, 4, 1)', 72],
      perf_event_open: ['pack("LLQQQQQ x72", 1, 128, 0, 0, 0, 0, 0x60)', 0, -1, -1, 0],
      userfaultfd: [1],
      io_uring_setup: [1, '"\\0" x 120'],
    };
    const open = Object.entries(tries).flatMap(([name, args]) => {
      const { ok, says } = call(name, ...args);
      return ok || !/EPERM|ENOSYS|EACCES/.test(says) ? [`${name}: ${says}`] : [];
    });
    return verdict(open);
  },
};
