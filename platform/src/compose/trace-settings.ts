/** Where traces go, by the names that OpenTelemetry gives to its settings. */
export interface TraceSettings {
  /**
   * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: the address of a collector for OTLP over http, as it is; or
   * OTEL_EXPORTER_OTLP_ENDPOINT, to which `/v1/traces` is added.
   */
  readonly url: string;
  /** OTEL_EXPORTER_OTLP_HEADERS: sent with each request, `<name>=<value>` separated by commas, encoded as in addresses. */
  readonly headers: Readonly<Record<string, string>>;
  /** OTEL_SERVICE_NAME. Default `conifer`. */
  readonly serviceName: string;
  /** OTEL_TRACES_SAMPLER_ARG: the share of traces that are kept, from 0 to 1. Default 1. */
  readonly share: number;
}

interface Reader {
  text(name: string): string | undefined;
  matching(name: string, what: string, pattern: Pick<RegExp, "test">, secrecy?: "secret"): string | undefined;
}

const ADDRESS = { test: (text: string) => /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text) };
const HEADERS = { test: (text: string) => parseHeaders(text) !== undefined };
const SHARE = /^(?:0(?:\.[0-9]+)?|1(?:\.0+)?)$/;

/** Undefined without an address: then nothing is traced. */
export function readTraces(read: Reader): TraceSettings | undefined {
  const what = "an http or https address";
  const base = read.matching("OTEL_EXPORTER_OTLP_ENDPOINT", what, ADDRESS, "secret");
  const own = read.matching("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", what, ADDRESS, "secret");
  const headers = read.matching("OTEL_EXPORTER_OTLP_HEADERS", "<name>=<value>, ...", HEADERS, "secret");
  const share = read.matching("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", SHARE);
  const url = own ?? (base === undefined ? undefined : `${base.replace(/\/+$/, "")}/v1/traces`);
  if (url === undefined) return undefined;
  return {
    url,
    headers: parseHeaders(headers ?? "") ?? {},
    serviceName: read.text("OTEL_SERVICE_NAME") ?? "conifer",
    share: Number(share ?? 1),
  };
}

function parseHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [, name = "", value = ""] = /^\s*([\w-]+)\s*=(.*)$/s.exec(part) ?? [];
    if (name === "") return undefined;
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value.trim());
    } catch {
      return undefined;
    }
    if (/[\r\n\0]/.test(headers[name.toLowerCase()] ?? "")) return undefined;
  }
  return headers;
}
