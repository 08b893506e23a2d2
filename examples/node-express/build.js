// Runs in the build: whatever it writes is in the image.
const { writeFileSync } = require("node:fs");

writeFileSync("built.json", `${JSON.stringify({ source: process.env.SOURCE_VERSION ?? "unknown" })}\n`);
console.log("wrote built.json");
