/**
 * The stock client reads an image's manifest from the host `registry.<HEROKU_HOST>`. HEROKU_HOST has to be an address here
 * (`https://localhost:6400`), so that this is no host's name, and nothing can be told to the client that would make it
 * one. What stands here is loaded into the client's process before its own code and lets requests to exactly that
 * name go to the API's port, where the registry is. (facts: CLI client §1.2)
 */
const PRELOAD = `
import https from "node:https";
const wanted = "registry." + process.env.HEROKU_HOST;
const plain = https.request;
https.request = (options, ...more) =>
  plain(options?.hostname === wanted ? { ...options, hostname: "localhost" } : options, ...more);
`;

/** The value of NODE_OPTIONS with the client's registry made reachable, after what the variable held before. */
export function withRegistryHost(before: string | undefined): string {
  const option = `--import=data:text/javascript,${encodeURIComponent(PRELOAD.trim())}`;
  return before ? `${before} ${option}` : option;
}
