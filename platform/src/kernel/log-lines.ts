/**
 * One line of an app's log, before it is given its place in the store.
 * `source` is `app` or `heroku`; `process` is what stands in the brackets: a dyno's name, `router`, `api`, `build`.
 * (facts: observability §1)
 */
export interface LogLine {
  readonly appId: string;
  readonly time: Date;
  readonly source: "app" | "heroku";
  readonly process: string;
  readonly message: string;
}

/**
 * Takes lines for the apps' logs. Never blocks, never throws: what cannot be taken is dropped and counted,
 * and the count reaches the user as a line.
 */
export interface LogSink {
  write(line: LogLine): void;
}
