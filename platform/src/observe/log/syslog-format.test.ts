import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSyslog, frameSyslog, parseSyslog, type SyslogMessage, toSyslog } from "./syslog-format.ts";
import { makeFrameReader, SyslogFramingError } from "./syslog-framing.ts";

const time = new Date("2026-01-02T03:04:05.678Z");
const token = "d.9173ea1f-6f14-4976-9cf0-7cd0dafdcdbc";

const field = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});
const message: fc.Arbitrary<SyslogMessage> = fc.record({
  priority: fc.nat(191),
  time: fc.constant("2026-01-02T03:04:05.678000+00:00"),
  host: field,
  app: field,
  process: field,
  id: field,
  text: fc.string({ unit: "grapheme" }),
});
const structured = fc.constantFrom("-", '[a@1 x="1"]', '[a@1 x="] \\" \\]"][b@2]', "[timeQuality]");

describe("syslog messages", () => {
  it.each([
    ["app", "web.1", "<190>1 2026-01-02T03:04:05.678000+00:00 TOKEN app web.1 - hi"],
    ["heroku", "router", "<158>1 2026-01-02T03:04:05.678000+00:00 TOKEN heroku router - hi"],
    ["heroku", "web.1", "<134>1 2026-01-02T03:04:05.678000+00:00 TOKEN heroku web.1 - hi"],
  ] as const)("writes a line of %s[%s] as drains do", (source, process, expected) => {
    const line = { appId: "a", time, source, process, message: "hi" };
    expect(formatSyslog(toSyslog(line, token))).toBe(expected.replace("TOKEN", token));
  });

  it("puts nothing into a header field that would end it", () => {
    const text = formatSyslog({
      ...toSyslog({ appId: "a", time, source: "app", process: "", message: "" }, "a b\n"),
    });
    expect(text).toBe("<190>1 2026-01-02T03:04:05.678000+00:00 a_b_ app - - ");
  });

  it("reads back what it wrote, without structured data", () => {
    fc.assert(
      fc.property(message, (written) => {
        expect(parseSyslog(formatSyslog(written), false)).toEqual(written);
      }),
    );
  });

  it("reads back what it wrote, with structured data", () => {
    fc.assert(
      fc.property(message, structured, (written, structuredData) => {
        const full = { ...written, structuredData };
        expect(parseSyslog(formatSyslog(full), true)).toEqual(full);
      }),
    );
  });

  it.each(["", "hello", "<192>1 t h a p i x", "<1>2 t h a p i x", "<1>1 t h a p"])("refuses %j", (text) => {
    expect(parseSyslog(text, false)).toBeUndefined();
  });

  it("refuses structured data that does not end", () => {
    expect(parseSyslog('<1>1 t h a p i [a x="1" text', true)).toBeUndefined();
  });
});

describe("octet counting", () => {
  it("counts bytes, not characters", () => {
    const frame = frameSyslog({
      ...toSyslog({ appId: "a", time, source: "app", process: "web.1", message: "ü" }, "h"),
    });
    expect(frame.toString()).toBe("56 <190>1 2026-01-02T03:04:05.678000+00:00 h app web.1 - ü");
  });

  it("finds every message however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(200)), (messages, cuts) => {
        const reader = makeFrameReader(100_000);
        let stream = Buffer.concat(messages.map(frameSyslog));
        const read: string[] = [];
        for (const cut of [...cuts, stream.length]) {
          read.push(...reader.push(stream.subarray(0, cut)).map(String));
          stream = stream.subarray(cut);
        }
        expect(read).toEqual(messages.map(formatSyslog));
        expect(reader.pending()).toBe(0);
      }),
    );
  });

  it("waits for a length that is cut in the middle", () => {
    const reader = makeFrameReader(100);
    expect(reader.push(Buffer.from("1"))).toEqual([]);
    expect(reader.push(Buffer.from("0 0123456789")).map(String)).toEqual(["0123456789"]);
  });

  it.each(["x", "<1>1 ", "0 ", "01 a", "12345678901", "101 ", " 5 hello", "-1 a"])("refuses %j", (text) => {
    expect(() => makeFrameReader(100).push(Buffer.from(text))).toThrow(SyslogFramingError);
  });

  it("never fails in any other way, and holds no more than one message", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const reader = makeFrameReader(64);
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SyslogFramingError);
        }
        expect(reader.pending()).toBeLessThanOrEqual(64 + 11 + 50);
      }),
    );
  });
});
