import { readFile } from "node:fs/promises";
import path from "node:path";
import { type DjangoEntry, findDjangoEntry } from "./django-project.ts";

/** How an app starts, or what to add so that it does. */
export type WebCommand =
  | { readonly kind: "command"; readonly line: string; readonly why: string }
  | { readonly kind: "none"; readonly missing: string; readonly example: string };

/** What is looked at for a start command; `modules` are sources by the name they are imported by. */
export interface StartFacts {
  readonly packages: ReadonlySet<string>;
  readonly django?: DjangoEntry | undefined;
  readonly modules: ReadonlyMap<string, string>;
}

/** Where the object of a Flask or FastAPI app is looked for, in this order. */
const MODULES = ["wsgi", "asgi", "app", "main", "application", "server", "api", "run"] as const;
const LONGEST_MODULE = 512 * 1024;

/** Reads what the rules need: the files that may hold the app, at the top, in `app/`, and in `src/`. */
export async function readStartFacts(
  appDir: string,
  files: ReadonlySet<string>,
  packages: ReadonlySet<string>,
): Promise<StartFacts> {
  const modules = new Map<string, string>();
  const take = async (file: string, name: string) => {
    const text = await readFile(path.join(appDir, file), "utf8").catch(() => undefined);
    if (text !== undefined && text.length <= LONGEST_MODULE) modules.set(name, text);
  };
  for (const name of MODULES) await take(`${name}.py`, name);
  if (files.has("app")) {
    await take("app/__init__.py", "app");
    for (const name of MODULES) await take(`app/${name}.py`, `app.${name}`);
  }
  return { packages, django: await findDjangoEntry(appDir, files), modules };
}

const BIND = '"0.0.0.0:$PORT"';
const HOST_PORT = '--host 0.0.0.0 --port "$PORT"';

/** The default web process of an app that has no Procfile; the table is in docs/guides/buildpacks.md. */
export function webCommand(facts: StartFacts): WebCommand {
  const { packages, django } = facts;
  if (packages.has("django") && django !== undefined) return djangoCommand(django, packages);
  if (packages.has("fastapi")) {
    const found = findObject(facts, "FastAPI");
    if (found !== undefined) return fastapiCommand(found, packages);
  }
  if (packages.has("flask")) {
    const found = findObject(facts, "Flask") ?? findFactory(facts);
    if (found !== undefined) return flaskCommand(found, packages);
  }
  const server = packages.has("uvicorn") && !packages.has("gunicorn") ? "uvicorn" : "gunicorn";
  const start = server === "uvicorn" ? `uvicorn app:app ${HOST_PORT}` : `gunicorn app:app --bind ${BIND}`;
  return { kind: "none", missing: "The app says nowhere how it starts.", example: `web: ${start}` };
}

function djangoCommand({ wsgi, asgi, prefersAsgi }: DjangoEntry, packages: ReadonlySet<string>): WebCommand {
  const byAsgi = asgi === undefined ? undefined : asgiServer(asgi, packages);
  const why = "a Django app";
  if (prefersAsgi && byAsgi !== undefined) return { kind: "command", line: byAsgi, why };
  if (wsgi !== undefined && packages.has("gunicorn")) {
    return { kind: "command", line: `gunicorn ${wsgi} --bind ${BIND}`, why };
  }
  if (byAsgi !== undefined) return { kind: "command", line: byAsgi, why };
  if (wsgi !== undefined && packages.has("waitress")) return { kind: "command", line: waitress(wsgi), why };
  const missing =
    wsgi === undefined
      ? "This Django app has no wsgi.py beside its settings, so it cannot be told how it starts."
      : "This Django app has no web server among its packages. Add gunicorn to them; it is then the default.";
  return { kind: "none", missing, example: `web: gunicorn ${wsgi ?? "mysite.wsgi"} --bind ${BIND}` };
}

function asgiServer(target: string, packages: ReadonlySet<string>): string | undefined {
  if (packages.has("uvicorn")) return `uvicorn ${target} ${HOST_PORT}`;
  if (packages.has("hypercorn")) return `hypercorn ${target} --bind ${BIND}`;
  if (packages.has("daphne")) return `daphne -b 0.0.0.0 -p "$PORT" ${target}`;
  return undefined;
}

function waitress(target: string): string {
  return `waitress-serve --listen=${BIND} ${target}`;
}

/** An app found in the source: `main:app`, or a factory that makes one. */
interface Found {
  readonly module: string;
  readonly name: string;
  readonly factory: boolean;
}

function fastapiCommand(found: Found, packages: ReadonlySet<string>): WebCommand {
  const { module, name } = found;
  const why = `a FastAPI app in ${fileOf(module)}`;
  if (packages.has("fastapi-cli") && packages.has("uvicorn")) {
    return { kind: "command", line: `fastapi run ${fileOf(module)} --app ${name} ${HOST_PORT}`, why };
  }
  const line = asgiServer(`${module}:${name}`, packages);
  if (line !== undefined) return { kind: "command", line, why };
  const missing =
    "This FastAPI app has no web server among its packages. Add uvicorn to them; it is then the default.";
  return { kind: "none", missing, example: `web: uvicorn ${module}:${name} ${HOST_PORT}` };
}

function flaskCommand({ module, name, factory }: Found, packages: ReadonlySet<string>): WebCommand {
  const why = `a Flask app in ${fileOf(module)}`;
  const target = factory ? `"${module}:${name}()"` : `${module}:${name}`;
  if (packages.has("gunicorn")) return { kind: "command", line: `gunicorn ${target} --bind ${BIND}`, why };
  if (packages.has("waitress")) {
    const line = factory ? waitress(`--call ${module}:${name}`) : waitress(target);
    return { kind: "command", line, why };
  }
  return {
    kind: "command",
    line: `flask --app ${target} run ${HOST_PORT}`,
    why: `${why}; flask run is for development, so add gunicorn to the packages`,
  };
}

/** `name = Flask(...)` at the start of a line, with a type or without; in a file that imports the class's package. */
function findObject({ modules }: StartFacts, className: string): Found | undefined {
  const made = new RegExp(
    `^([A-Za-z_]\\w*)(?:\\s*:[^=\\n]{1,100})?\\s*=\\s*(?:\\w+\\.)?${className}\\(`,
    "m",
  );
  for (const [module, text] of modules) {
    const name = made.exec(text)?.[1];
    if (name !== undefined) return { module, name, factory: false };
  }
  return undefined;
}

/** As `flask run` looks for one: an object or a factory of a usual name. */
function findFactory({ modules }: StartFacts): Found | undefined {
  for (const [module, text] of modules) {
    const object =
      /^(app|application)(?:\s*:[^=\n]{1,100})?\s*=|^from\s+[\w.]+\s+import\s+(?:[\w, ]*\b)?(app|application)\b/m.exec(
        text,
      );
    const name = object?.[1] ?? object?.[2];
    if (name !== undefined) return { module, name, factory: false };
    const factory = /^def\s+(create_app|make_app)\s*\(/m.exec(text)?.[1];
    if (factory !== undefined) return { module, name: factory, factory: true };
  }
  return undefined;
}

function fileOf(module: string): string {
  return `${module.replaceAll(".", "/")}.py`;
}
