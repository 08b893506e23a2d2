/**
 * Loaded into every role before its own code: the role ends at once when the supervisor is gone, and takes its process
 * group with it. A role that lost its supervisor has nobody who stops it, and would stand in the way of the next start.
 */
if (process.channel) {
  process.once("disconnect", () => {
    try {
      process.kill(-process.pid, "SIGKILL");
    } finally {
      process.kill(process.pid, "SIGKILL");
    }
  });
  process.channel.unref();
}
