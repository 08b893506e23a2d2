import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const NAMES = ["alpha", "bravo", "charlie", "delta", "echo-one", "echo-two", "foxtrot"];
let control: TestControl;
let token: string;

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts() });
  ({ token } = await control.account("owner@example.com"));
  for (const name of NAMES) await control.call("POST /apps", { token, body: { name } });
  for (let i = 0; i < 6; i++)
    await control.call("PATCH /apps/alpha/config-vars", { token, body: { COUNT: String(i) } });
});
afterAll(() => control.stop());

const get = (path: string, range?: string) =>
  control.call(`GET ${path}`, { token, headers: range === undefined ? {} : { range } });

/** Every page as the stock client reads a list: it follows `Next-Range` wherever it is. */
async function pages(path: string, range: string): Promise<readonly TestAnswer[]> {
  const read = [await get(path, range)];
  for (let next = read[0]?.headers["next-range"]; next !== undefined; ) {
    const page = await get(path, String(next));
    read.push(page);
    next = page.headers["next-range"];
    expect(read.length).toBeLessThan(50);
  }
  return read;
}

const values = (answers: readonly TestAnswer[], field: string) =>
  answers.flatMap(({ body }) => body.map((item: Record<string, unknown>) => item[field]));

describe("a list without a range", () => {
  test("is ordered by id and whole", async () => {
    const answer = await get("/apps");
    expect([answer.status, answer.headers["next-range"]]).toEqual([200, undefined]);
    const ids = values([answer], "id");
    expect(ids).toEqual([...ids].sort());
    expect(values([answer], "name").sort()).toEqual(NAMES);
    expect(answer.headers).toMatchObject({
      "accept-ranges": "id, name",
      "content-range": `id ${ids[0]}..${ids.at(-1)}; max=200`,
    });
    expect((await get("/apps", "")).body).toEqual(answer.body);
  });

  test("that is empty names no range", async () => {
    const answer = await get("/apps/alpha/addons");
    expect([answer.status, answer.body, answer.headers["content-range"]]).toEqual([200, [], undefined]);
  });
});

describe("pages of apps", () => {
  const reversed = [...NAMES].reverse();
  test.each([
    ["name ..; max=3", NAMES, [3, 3, 1]],
    ["name ..; order=desc,max=3", reversed, [3, 3, 1]],
    ["name ..;max=7;", NAMES, [7]],
    ["name ..; max=1", NAMES, [1, 1, 1, 1, 1, 1, 1]],
    ["name charlie..; max=2", NAMES.slice(2), [2, 2, 1]],
    ["name ]charlie..; max=2", NAMES.slice(3), [2, 2]],
    ["name [charlie..echo-one; max=2", NAMES.slice(2, 5), [2, 1]],
    ["name delta..; max=2, order=desc", reversed.slice(3), [2, 2]],
    ["name ..charlie; max=2", NAMES.slice(0, 3), [2, 1]],
    ["name zulu..", [], [0]],
  ])("%s", async (range, wanted, sizes) => {
    const read = await pages("/apps", range);
    expect(values(read, "name")).toEqual(wanted);
    expect(read.map(({ body }) => body.length)).toEqual(sizes);
    expect(read.map(({ status }) => status)).toEqual(sizes.map((_, i) => (i < sizes.length - 1 ? 206 : 200)));
  });

  test("say where they are and how to go on", async () => {
    const { headers } = await get("/apps", "name ..echo-two; max=3, order=asc");
    expect(headers["content-range"]).toBe("name alpha..charlie; max=3");
    expect(headers["next-range"]).toBe("name ]charlie..echo-two; max=3");
    const back = await get("/apps", "name ..; order=desc,max=2");
    expect(back.headers["next-range"]).toBe("name ]echo-two..; max=2, order=desc");
  });

  test("by id hold each app once, in either order", async () => {
    const up = values(await pages("/apps", "id ..; max=2"), "id");
    const down = values(await pages("/apps", "id ..; max=2, order=desc"), "id");
    expect(up).toEqual([...up].sort());
    expect(down).toEqual([...up].reverse());
    expect(new Set(up).size).toBe(NAMES.length);
    expect(values(await pages("/apps", "..; max=5"), "id")).toEqual(up);
  });

  test("go on although apps come and go in between", async () => {
    const first = await get("/apps", "name ..; max=3");
    await control.call("POST /apps", { token, body: { name: "bravo-new" } });
    await control.call("POST /apps", { token, body: { name: "delta-new" } });
    await control.call("DELETE /apps/charlie", { token });
    const rest = await pages("/apps", String(first.headers["next-range"]));
    expect(values(rest, "name")).toEqual(["delta", "delta-new", "echo-one", "echo-two", "foxtrot"]);
    for (const name of ["bravo-new", "delta-new"]) await control.call(`DELETE /apps/${name}`, { token });
    await control.call("POST /apps", { token, body: { name: "charlie" } });
  });

  test("may be packed, tagged and asked for by HEAD like any answer", async () => {
    const page = await get("/apps", "name ..; max=3");
    const again = await control.call("GET /apps", {
      token,
      headers: { range: "name ..; max=3", "if-none-match": String(page.headers.etag) },
    });
    expect(again.status).toBe(304);
    expect(again.headers["next-range"]).toBe(page.headers["next-range"]);
    const other = await get("/apps", "name ..; max=2");
    expect(other.headers.etag).not.toBe(page.headers.etag);
  });
});

describe("pages of releases", () => {
  test("by version are counted as numbers, newest first when asked", async () => {
    for (let i = 0; i < 6; i++)
      await control.call("PATCH /apps/alpha/config-vars", { token, body: { COUNT: String(i + 10) } });
    const newest = await get("/apps/alpha/releases", "version ..; order=desc,max=1");
    expect([newest.status, newest.body.length]).toEqual([206, 1]);
    const versions = values(await pages("/apps/alpha/releases", "version ..; max=5, order=desc"), "version");
    expect(versions).toEqual(versions.map((_, i) => newest.body[0].version - i));
    expect(versions.at(-1)).toBe(1);
    const up = values(await pages("/apps/alpha/releases", "version 2..11; max=4"), "version");
    expect(up).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("by id hold each release once", async () => {
    const read = await pages("/apps/alpha/releases", "id ..; max=4");
    const ids = values(read, "id");
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength((await get("/apps/alpha/releases")).body.length);
  });
});

describe("a range that cannot be used", () => {
  test.each([
    "size ..",
    "created_at ..; max=2",
    "id ..; max=0",
    "id ..; max=-1",
    "id ..; max=many",
    "id ..; order=up",
    "id ..; page=2",
    "id 1..2..3x; =",
    "bytes=0-100",
    "; drop table apps",
  ])("%s", async (range) => {
    const answer = await get("/apps", range);
    expect([answer.status, answer.body.id]).toEqual([416, "requested_range_not_satisfiable"]);
    expect(answer.body.message).toContain(range.slice(0, 20));
  });

  test("of a field that another list has is refused", async () => {
    expect((await get("/apps", "version ..")).status).toBe(416);
    expect((await get("/apps/alpha/releases", "name ..")).status).toBe(416);
  });

  test("is asked for more than there may be gets the most", async () => {
    expect((await get("/apps", "id ..; max=5000")).headers["content-range"]).toMatch(/; max=1000$/);
  });

  test.each(["id nonsense..", "id ' or 1=1..", "id \u00fc..", "id 00000000..ffffffff"])(
    "is fine where values are strange: %s",
    async (range) => {
      expect((await get("/apps", range)).status).toBe(200);
    },
  );
});
