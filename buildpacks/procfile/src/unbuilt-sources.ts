/** Files by which a language's buildpack takes a source, and the one to add where only sources of it are there. */
const LANGUAGES: readonly { readonly sources: RegExp; readonly manifests: RegExp; readonly add: string }[] = [
  {
    sources: /\.py$/,
    manifests: /^(?:requirements\.txt|uv\.lock|poetry\.lock|Pipfile(?:\.lock)?|pyproject\.toml|setup\.py)$/,
    add: "touch requirements.txt && git add requirements.txt",
  },
  { sources: /\.go$/, manifests: /^go\.(?:mod|work)$/, add: "go mod init <module> && git add go.mod" },
  {
    sources: /\.rb$|^config\.ru$/,
    manifests: /^(?:Gemfile|gems\.rb)$/,
    add: "bundle init && bundle lock && git add Gemfile Gemfile.lock",
  },
  { sources: /\.[cm]?[jt]s$/, manifests: /^package\.json$/, add: "npm init -y && git add package.json" },
  {
    sources: /\.java$/,
    manifests: /^(?:pom\.xml|mvnw|gradlew|(?:build|settings)\.gradle(?:\.kts)?)$/,
    add: "git add pom.xml",
  },
  {
    sources: /\.php$/,
    manifests: /^(?:composer\.json|index\.php)$/,
    add: "composer init && git add composer.json",
  },
];

/**
 * What is odd about a source that has a Procfile and, at its top, sources of a language but nothing by which one is built: its
 * commands then find what the base has. Undefined where there is nothing odd, or `project.toml` may say what builds it.
 */
export function unbuiltSources(names: readonly string[]): string | undefined {
  const isBuilt = names.some((name) => LANGUAGES.some(({ manifests }) => manifests.test(name)));
  if (isBuilt || names.includes("project.toml")) return undefined;
  for (const { sources, add } of LANGUAGES) {
    const found = names.toSorted().find((name) => sources.test(name));
    if (found === undefined) continue;
    return `There is ${found}, but nothing that says which packages it needs, so none are installed and commands find only what the base has. To have it built: ${add}`;
  }
  return undefined;
}
