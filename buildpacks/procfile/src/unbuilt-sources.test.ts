import { expect, it } from "vitest";
import { unbuiltSources } from "./unbuilt-sources.ts";

it.each([
  [["Procfile", "b.py", "a.py"], "There is a.py", "touch requirements.txt"],
  [["Procfile", "main.go"], "There is main.go", "go mod init"],
  [["Procfile", "config.ru"], "There is config.ru", "bundle init"],
  [["Procfile", "server.mjs"], "There is server.mjs", "npm init -y"],
  [["Procfile", "App.java"], "There is App.java", "pom.xml"],
  [["Procfile", "page.php"], "There is page.php", "composer init"],
])("%j is warned of", (names, what, add) => {
  const warning = unbuiltSources(names);
  expect(warning).toContain(what);
  expect(warning).toContain(add);
});

it.each([
  [["Procfile", "server"]],
  [["Procfile", "Aptfile", "run.sh"]],
  [["Procfile", "requirements.txt", "app.py"]],
  [["Procfile", "Gemfile", "tailwind.config.js"]],
  [["Procfile", "project.toml", "app.py"]],
])("%j is not", (names) => {
  expect(unbuiltSources(names)).toBeUndefined();
});
