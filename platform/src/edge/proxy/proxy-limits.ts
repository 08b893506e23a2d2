/** The router's numbers (facts: routing §2). Times in milliseconds. */
export interface ProxyLimits {
  /** To connect to one dyno. */
  readonly connectMs: number;
  readonly connectAttempts: number;
  /** How long a dyno that could not be reached is left alone. */
  readonly quarantineMs: number;
  /** How long a request waits for a dyno that starts, or for one to leave quarantine. */
  readonly waitMs: number;
  /** From the request's last byte to the response's first. */
  readonly firstByteMs: number;
  /** Longest silence of both sides after that, and of either side of an upgraded connection. */
  readonly silenceMs: number;
  readonly inFlightPerDyno: number;
  /** A connection to a dyno that waits for its next request. */
  readonly dynoIdleMs: number;
  /**
   * How long a connection may have been idle to carry a request that must not be sent twice: the app may be closing it
   * just now.
   */
  readonly freshMs: number;
  /** A client's connection without a request. */
  readonly clientIdleMs: number;
  /** From a request's first byte to the end of its head. */
  readonly headMs: number;
  /** How long the rest of a request is read and dropped after an early answer, so that the answer gets through. */
  readonly lingerMs: number;
  /**
   * How long a router that stops still takes connections and requests, each answered with `Connection: close`, so that
   * whoever chooses among routers learns of it before anybody is turned away. Longer while connections come, three times this
   * at most.
   */
  readonly leaveMs: number;
  /** How long requests in flight may go on when the router stops. */
  readonly stopMs: number;
  /** How exactly the times above are kept. */
  readonly tickMs: number;
}

export const PROXY_LIMITS: ProxyLimits = {
  connectMs: 5_000,
  connectAttempts: 10,
  quarantineMs: 5_000,
  waitMs: 75_000,
  firstByteMs: 30_000,
  silenceMs: 55_000,
  inFlightPerDyno: 200,
  dynoIdleMs: 90_000,
  freshMs: 1_000,
  clientIdleMs: 60_000,
  headMs: 30_000,
  lingerMs: 5_000,
  leaveMs: 0,
  stopMs: 30_000,
  tickMs: 100,
};
