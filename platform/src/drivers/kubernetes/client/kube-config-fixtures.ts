import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of a test's own. */
export interface ConfigFolder {
  readonly path: string;
  /** Writes a file, and the folders it stands in; gives its path. Objects become JSON, which is YAML too. */
  write(name: string, content: unknown, mode?: number): string;
  remove(): void;
}

export function makeConfigFolder(): ConfigFolder {
  const path = mkdtempSync(join(tmpdir(), "conifer-kubeconfig-"));
  return {
    path,
    write: (name, content, mode = 0o600) => {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode });
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

type Part = Readonly<Record<string, unknown>>;

/** A kubeconfig of one cluster, one user and one context, each named `main`, with these parts. */
export function kubeConfig(
  parts: { readonly cluster?: Part; readonly user?: Part; readonly context?: Part } = {},
): Part {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "main",
    contexts: [{ name: "main", context: { cluster: "main", user: "main", ...parts.context } }],
    clusters: [{ name: "main", cluster: { server: "https://kube.test:6443", ...parts.cluster } }],
    users: [{ name: "main", user: parts.user ?? {} }],
  };
}

/** Enough of a PEM for those who only carry it. */
export function pem(what: string): string {
  return `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
