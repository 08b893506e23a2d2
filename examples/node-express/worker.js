// A process that serves nobody: it works on its own until it is asked to stop.
let done = 0;
const timer = setInterval(() => console.log(`worker did piece ${++done}`), 1_000);
process.on("SIGTERM", () => {
  clearInterval(timer);
  console.log("worker stops in good order");
});
