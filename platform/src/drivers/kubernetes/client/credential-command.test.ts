import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ExecCommand, runCredentialCommand } from "./credential-command.ts";
import { type ConfigFolder, makeConfigFolder, pem } from "./kube-config-fixtures.ts";

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
});
afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

/** A program that is this shell script. */
function script(body: string, exec: Partial<ExecCommand> = {}, withinMs?: number) {
  folder.write("bin/login", `#!/bin/sh\n${body}\n`, 0o700);
  const options = { exec: { command: "bin/login", ...exec }, folder: folder.path };
  return runCredentialCommand(withinMs === undefined ? options : { ...options, withinMs });
}

const prints = (status: unknown) =>
  script(`cat <<'END'\n${JSON.stringify({ kind: "ExecCredential", status })}\nEND`);

/** Counts its runs in a file, and prints their number as the token. */
const counting = (more = "") =>
  script(
    [
      'cd "$(dirname "$0")/.." && echo >> runs && n=$(wc -l < runs)',
      `echo "{\\"status\\":{\\"token\\":\\"t$n\\"${more}}}"`,
    ].join("\n"),
  );
const runs = () => readFileSync(join(folder.path, "runs"), "utf8").length;

describe("what a program prints", () => {
  const [cert, key] = [pem("CERTIFICATE"), pem("PRIVATE KEY")];
  test.each([
    ["a token", { token: "t" }, { token: "t" }],
    ["a certificate", { clientCertificateData: cert, clientKeyData: key }, { certificate: { cert, key } }],
    [
      "both",
      { token: "t", clientCertificateData: cert, clientKeyData: key },
      { token: "t", certificate: { cert, key } },
    ],
    ["a token and half a certificate", { token: "t", clientKeyData: key }, { token: "t" }],
  ])("%s", async (_name, status, wanted) => expect(await prints(status)()).toEqual(wanted));

  test.each([
    ["nothing", "", "bin/login printed something other than a credential in JSON"],
    ["no JSON", "echo s3cret", "bin/login printed something other than a credential in JSON"],
    [
      "JSON that breaks off",
      `echo '{"status":{"token":"s3cret"'`,
      "bin/login printed something other than a credential in JSON",
    ],
    ["null", "echo null", "bin/login printed something other than a credential in JSON"],
    ["another document", "echo '{}'", "bin/login printed no credential"],
    ["no status", `echo '{"status":null}'`, "bin/login printed no credential"],
    ["an empty token", `echo '{"status":{"token":""}}'`, "bin/login printed no credential"],
    ["half a certificate", `echo '{"status":{"clientKeyData":"s3cret"}}'`, "bin/login printed no credential"],
  ])("%s is an error that does not quote it", async (_name, body, wanted) => {
    const thrown = (await script(body)().catch((error: unknown) => error)) as Error;
    expect(thrown.message).toBe(wanted);
    expect(thrown.cause).toBeUndefined();
  });
});

describe("how it is run", () => {
  test("with its arguments, its environment and what it is asked for", async () => {
    const credentials = script(
      `printf '{"status":{"token":"%s|%s|%s|%s|%s"}}' "$#" "$1" "$2" "$PROFILE" "$HOME"
       printf '%s' "$KUBERNETES_EXEC_INFO" > "$INFO"`,
      {
        apiVersion: "client.authentication.k8s.io/v1beta1",
        args: ["get token", "--now"],
        env: [
          { name: "PROFILE", value: "a b" },
          { name: "INFO", value: join(folder.path, "info") },
        ],
      },
    );
    expect(await credentials()).toEqual({ token: `2|get token|--now|a b|${process.env.HOME ?? ""}` });
    expect(JSON.parse(readFileSync(join(folder.path, "info"), "utf8"))).toEqual({
      apiVersion: "client.authentication.k8s.io/v1beta1",
      kind: "ExecCredential",
      spec: { interactive: false },
    });
  });

  test("args and env may be null, as tools write them", async () => {
    const credentials = script(`echo '{"status":{"token":"t"}}'`, { args: null, env: null });
    expect(await credentials()).toEqual({ token: "t" });
  });

  test("a name without a slash is looked up in PATH", async () => {
    const exec = { command: "sh", args: ["-c", `echo '{"status":{"token":"found"}}'`] };
    expect(await runCredentialCommand({ exec, folder: folder.path })()).toEqual({ token: "found" });
  });
});

describe("a program that fails", () => {
  test("is quoted with its status and what it said, its arguments are not", async () => {
    const args = ["--password", "s3cret"];
    const credentials = script("echo 'log in first' >&2; echo hidden; exit 3", { args });
    await expect(credentials()).rejects.toThrow(
      /^bin\/login, which the kubeconfig runs for a credential, failed with status 3: log in first$/,
    );
  });

  test("says a lot: only its beginning is told", async () => {
    const thrown = await script("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1")().catch(String);
    expect(String(thrown).length).toBeLessThan(700);
  });

  test.each([
    ["is not there", { command: "bin/none" }, /cannot be started \(ENOENT\); install it or put it on PATH$/],
    ["is not on PATH", { command: "conifer-no-such-program" }, /cannot be started \(ENOENT\); install it/],
    ["may not be run", { command: "./plain" }, /cannot be started \(EACCES\)/],
    ["has a hint", { command: "bin/none", installHint: "see the handbook" }, /\(ENOENT\); see the handbook$/],
  ])("%s", async (_name, exec, wanted) => {
    folder.write("plain", "#!/bin/sh\n", 0o600);
    await expect(runCredentialCommand({ exec, folder: folder.path })()).rejects.toThrow(wanted);
  });

  test("does not end: it is killed, whatever it thinks of signals", async () => {
    const credentials = script("trap '' TERM; exec sleep 60", {}, 50);
    await expect(credentials()).rejects.toThrow(/did not end in time$/);
  });

  test("is run again by the next who asks", async () => {
    const credentials = script('f="$(dirname "$0")/../ready"; [ -e "$f" ] && cat "$f"');
    await expect(credentials()).rejects.toThrow(/failed with status 1$/);
    folder.write("ready", '{"status":{"token":"t"}}');
    expect(await credentials()).toEqual({ token: "t" });
  });
});

describe("how long a credential is used", () => {
  test("for ever when it names no end, or none that is a time", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const more of ["", ',\\"expirationTimestamp\\":\\"soon\\"']) {
      const credentials = counting(more);
      const first = await credentials();
      vi.setSystemTime(Date.now() + 365 * 24 * 3_600_000);
      expect(await credentials()).toBe(first);
    }
    expect(runs()).toBe(2);
  });

  test("until half a minute before its end", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-05-01T10:00:00Z") });
    const credentials = counting(',\\"expirationTimestamp\\":\\"2026-05-01T11:00:00Z\\"');
    expect(await credentials()).toEqual({ token: "t1" });
    vi.setSystemTime(Date.parse("2026-05-01T10:59:29Z"));
    expect(await credentials()).toEqual({ token: "t1" });
    vi.setSystemTime(Date.parse("2026-05-01T10:59:30Z"));
    expect(await credentials()).toEqual({ token: "t2" });
  });

  test("until the server refuses it; those who ask at once share one run", async () => {
    const credentials = counting();
    const [first, same] = await Promise.all([credentials(), credentials()]);
    expect(same).toBe(first);
    expect(runs()).toBe(1);
    expect(await Promise.all([credentials(first), credentials(first)])).toEqual([
      { token: "t2" },
      { token: "t2" },
    ]);
    expect(await credentials()).toEqual({ token: "t2" });
    expect(runs()).toBe(2);
  });
});
