// Runs attempts by name, or all but those that use things up, and prints a line of JSON for each.
const attempts = require("./attempts");

async function attempt(kind, name) {
  try {
    const [got, detail] = await attempts.all[name]();
    return { escape: kind, attempt: name, got, detail: String(detail ?? "").slice(0, 300) };
  } catch (thrown) {
    return { escape: kind, attempt: name, got: "no", detail: String(thrown.message).slice(0, 300) };
  }
}

async function run(kind, names, print) {
  for (const name of names.length > 0 ? names : attempts.gentle) print(JSON.stringify(await attempt(kind, name)));
}

module.exports = { run };

if (require.main === module) {
  const [kind = "by hand", ...names] = process.argv.slice(2);
  run(kind, names, (line) => console.log(line)).then(() => process.exit(0));
}
