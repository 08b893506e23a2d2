/** The time, as an argument: rules and stores never read it themselves. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

/** ISO 8601 in UTC with whole seconds and `Z`, the API's only form of a time. */
export function apiTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
