import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const AT = "https://collector.example.com:4318";

test("without an address nothing is traced", () => {
  expect(readConfig({ OTEL_SERVICE_NAME: "x", OTEL_TRACES_SAMPLER_ARG: "0.5" }).traces).toBeUndefined();
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT }, `${AT}/v1/traces`],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${AT}/` }, `${AT}/v1/traces`],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${AT}/otlp` }, `${AT}/otlp/v1/traces`],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${AT}/mine` }, `${AT}/mine`],
])("%j goes to %s", (env, url) => {
  expect(readConfig(env).traces).toEqual({ url, headers: {}, serviceName: "conifer", share: 1 });
});

test("name, share and headers are taken over", () => {
  const traces = readConfig({
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_SERVICE_NAME: "paas", OTEL_TRACES_SAMPLER_ARG: "0.25" },
    OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20abc%3D, x-tenant = ours=1",
  }).traces;
  expect(traces).toMatchObject({
    ...{ serviceName: "paas", share: 0.25 },
    headers: { authorization: "Basic abc=", "x-tenant": "ours=1" },
  });
});

describe("what makes no sense is refused by its name, and never repeated", () => {
  test.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://user:hunter2@collector"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "hunter2"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "x=%"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "x=hunter2%0D%0Ay: z"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.5"],
    ["OTEL_TRACES_SAMPLER_ARG", "-1"],
  ])("%s=%s", (name, value) => {
    const reading = () => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: AT, [name]: value });
    expect(reading).toThrow(name);
    expect(reading).not.toThrow("hunter2");
  });
});
