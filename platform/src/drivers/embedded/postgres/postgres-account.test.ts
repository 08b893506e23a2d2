import { describe, expect, test } from "vitest";
import {
  type AccountFacts,
  asAccount,
  choosePostgresAccount,
  findProgram,
  type PostgresAccount,
} from "./postgres-account.ts";

const nobody = { uid: 0, dataOwner: undefined, accounts: [], unshare: true } satisfies AccountFacts;
const kept = { name: "postgres", uid: 101, gid: 104, reaches: true };
const account: PostgresAccount = { kind: "account", name: "postgres", uid: 101, gid: 104 };

describe("as whom it runs", () => {
  test.each<[string, Partial<AccountFacts>, PostgresAccount]>([
    ["not root", { uid: 1000 }, { kind: "self" }],
    ["not root, with data of its own", { uid: 1000, dataOwner: 1000 }, { kind: "self" }],
    ["root with a dedicated account", { accounts: [kept] }, account],
    ["root, and data of that account", { accounts: [kept], dataOwner: 101 }, account],
    ["that account, without unshare", { accounts: [kept], unshare: false }, account],
    ["the first account that reaches", { accounts: [{ ...kept, uid: 7, reaches: false }, kept] }, account],
    [
      "an account that cannot reach the data",
      { accounts: [{ ...kept, reaches: false }] },
      { kind: "namespace" },
    ],
    ["no account", {}, { kind: "namespace" }],
    [
      "data that was begun in a namespace stays there",
      { accounts: [kept], dataOwner: 0 },
      { kind: "namespace" },
    ],
  ])("%s", (_name, facts, expected) => {
    expect(choosePostgresAccount({ ...nobody, ...facts })).toEqual(expected);
  });

  test.each<[string, Partial<AccountFacts>, RegExp]>([
    ["somebody else's data", { uid: 1000, dataOwner: 0 }, /another CONIFER_HOME/],
    ["data of an account that is gone", { dataOwner: 4711 }, /belongs to user 4711.*chown/],
    ["root, and nothing to change to", { unshare: false }, /DATABASE_URL/],
    ["root's data, and no unshare any more", { unshare: false, dataOwner: 0 }, /util-linux/],
  ])("%s is refused with the way out", (_name, facts, message) => {
    expect(() => choosePostgresAccount({ ...nobody, ...facts })).toThrow(message);
  });
});

describe("the command", () => {
  const tools = { setpriv: "/bin/setpriv", unshare: "/bin/unshare" };
  const none = { setpriv: undefined, unshare: "/bin/unshare" };
  const line = (of: PostgresAccount, with_: typeof tools | typeof none) => {
    const { command, args, uid, gid } = asAccount(of, "/pg/postgres", ["-D", "/data"], with_);
    return [`${command} ${args.join(" ")}`, uid, gid];
  };

  test.each<[string, PostgresAccount, typeof tools | typeof none, unknown[]]>([
    [
      "self",
      { kind: "self" },
      tools,
      ["/bin/setpriv --pdeathsig QUIT -- /pg/postgres -D /data", undefined, undefined],
    ],
    ["self, bare", { kind: "self" }, none, ["/pg/postgres -D /data", undefined, undefined]],
    [
      "account",
      account,
      tools,
      [
        "/bin/setpriv --reuid 101 --regid 104 --clear-groups --pdeathsig QUIT -- /pg/postgres -D /data",
        undefined,
        undefined,
      ],
    ],
    ["account, bare", account, none, ["/pg/postgres -D /data", 101, 104]],
    [
      "namespace",
      { kind: "namespace" },
      tools,
      [
        "/bin/unshare --user --map-user=65534 --map-group=65534 -- /bin/setpriv --pdeathsig QUIT -- /pg/postgres -D /data",
        undefined,
        undefined,
      ],
    ],
    [
      "namespace, bare",
      { kind: "namespace" },
      none,
      [
        "/bin/unshare --user --map-user=65534 --map-group=65534 -- /pg/postgres -D /data",
        undefined,
        undefined,
      ],
    ],
  ])("%s", (_name, of, with_, expected) => {
    expect(line(of, with_)).toEqual(expected);
  });
});

test("programs are found on PATH, and what is not there is not", async () => {
  expect(await findProgram("sh")).toMatch(/\/sh$/);
  expect(await findProgram("no-such-program")).toBeUndefined();
});
