import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricDescription,
  type MetricName,
} from "./metric-catalog.ts";

/** A gauge's value, and whose it is. */
interface GaugeSample<N extends GaugeName> {
  readonly labels: LabelsOf<N>;
  readonly value: number;
}

export interface CounterSample<N extends CounterName> {
  readonly labels: LabelsOf<N>;
  readonly value: number;
}

export interface HistogramFigures {
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** A metric as processes of one machine tell it to each other. */
export interface ToldMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly values: readonly {
    readonly value: number;
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
  }[];
}

/** Counts what a process does. Nothing here throws or waits. */
export interface Meter {
  add<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void;
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, seconds: number): void;
  /** Read at each scrape; one that throws is left out of it. */
  gauge<N extends GaugeName>(
    name: N,
    read: () => Promise<readonly GaugeSample<N>[]> | readonly GaugeSample<N>[],
  ): void;
  /** Read at each scrape: for what counts by itself where nothing may be slow. */
  counter<N extends CounterName>(name: N, read: () => readonly CounterSample<N>[]): void;
  /** The same: how many fell into each bucket of the metric and into none below, all together, and their seconds. */
  histogram<N extends HistogramName>(name: N, read: () => HistogramFigures): void;
}

/** A process's meter, and what it tells. */
export interface RoleMeter extends Meter {
  told(): Promise<readonly ToldMetric[]>;
}

/** How often the event loop's lag is looked at, in milliseconds: more often would keep an idle machine busy. */
const LAG_LOOKS_MS = 100;

/** The meter of a process, whose role is a label of everything that it tells. */
export function makeMeter(role: string): RoleMeter {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_LOOKS_MS });
  const counters = new Map<MetricName, Counter>();
  const histograms = new Map<MetricName, Histogram>();
  return {
    add: (name, labels, by = 1) => {
      const counter = made(counters, name, () => new Counter({ ...optionsOf(name), registers: [registry] }));
      counter.inc(labels, by);
    },
    observe: (name, labels, seconds) => {
      const buckets = [...METRICS[name].buckets];
      const histogram = made(
        histograms,
        name,
        () => new Histogram({ ...optionsOf(name), buckets, registers: [registry] }),
      );
      histogram.observe(labels, seconds);
    },
    gauge: (name, read) => {
      const collect = async function (this: Gauge) {
        this.reset();
        // What has no labels would say 0 instead of nothing.
        if (METRICS[name].labels.length === 0) this.remove();
        const samples = await Promise.resolve()
          .then(read)
          .catch(() => []);
        for (const { labels, value } of samples) this.set(labels, value);
      };
      new Gauge({ ...optionsOf(name), registers: [registry], collect });
    },
    counter: (name, read) => {
      const collect = function (this: Counter) {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      };
      new Counter({ ...optionsOf(name), registers: [registry], collect });
    },
    histogram: (name, read) => {
      const get = async () => asHistogram(name, read());
      registry.registerMetric({ name, get } as unknown as Histogram);
    },
    told: async () => {
      const told = (await registry.getMetricsAsJSON()) as unknown as readonly ToldMetric[];
      // Each role has values of its own: none is left out, as starts would be where equal processes are joined.
      return told.map((metric) => ({ ...metric, aggregator: "sum" }));
    },
  };
}

/** For tests, and for code that runs where nobody counts. */
export const silentMeter: Meter = {
  add: () => {},
  observe: () => {},
  gauge: () => {},
  counter: () => {},
  histogram: () => {},
};

function asHistogram(name: HistogramName, { buckets, count, sum }: HistogramFigures): ToldMetric {
  let below = 0;
  const bounded = METRICS[name].buckets.map((le, at) => {
    below += buckets[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le }, value: below };
  });
  return {
    ...{ name, help: METRICS[name].help, type: "histogram", aggregator: "sum" },
    values: [
      ...bounded,
      { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: count },
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ],
  };
}

function optionsOf(name: MetricName): { name: string; help: string; labelNames: string[] } {
  const { help, labels }: MetricDescription = METRICS[name];
  return { name, help, labelNames: [...labels] };
}

function made<T>(all: Map<MetricName, T>, name: MetricName, make: () => T): T {
  const known = all.get(name) ?? make();
  all.set(name, known);
  return known;
}
