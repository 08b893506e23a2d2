const { createServer } = require("node:http");
const { connect } = require("node:net");
const { networkInterfaces } = require("node:os");
const { given } = require("./shared.js");

const verdict = (found) => [found.length > 0 ? "yes" : "no", found.join(" ")];

/** Resolves with whether anybody took the connection. */
const reaches = (target) =>
  new Promise((resolve) => {
    const socket = connect({ ...target, timeout: 1_000 }, () => end(true));
    const end = (is) => {
      socket.destroy();
      resolve(is);
    };
    socket.on("error", () => end(false)).on("timeout", () => end(false));
  });

async function reached(places, toTarget) {
  const tried = await Promise.all(places.map(async (place) => ((await reaches(toTarget(place))) ? [place] : [])));
  return verdict(tried.flat());
}

const toAddress = (place) => {
  const at = place.lastIndexOf(":");
  return { host: place.slice(0, at).replace(/[[\]]/g, ""), port: Number(place.slice(at + 1)) };
};

/** The other end of a link of two, which is the machine's where a dyno has a network of its own. */
function gateways(places) {
  const own = Object.values(networkInterfaces()).flat().filter(({ family, internal }) => family === "IPv4" && !internal);
  const before = ({ address }) => address.replace(/\d+$/, (last) => String(Number(last) - 1));
  return own.flatMap((one) => places.map((place) => `${before(one)}:${toAddress(place).port}`));
}

/** Listens for a while where another dyno does, and says that it has been met if it is. */
const steal = (port, host) =>
  new Promise((resolve) => {
    const server = createServer((_request, response) => response.end("stolen"));
    server.on("error", (thrown) => resolve(thrown.code));
    server.listen({ port, host }, () => setTimeout(() => server.close(() => resolve("listening")), 1_000));
  });

module.exports = {
  "control-sockets": () => reached(given("ESCAPE_SOCKETS").filter((path) => !path.includes("PGSQL")), (path) => ({ path })),
  database: () => reached(given("ESCAPE_SOCKETS").filter((path) => path.includes("PGSQL")), (path) => ({ path })),
  "machine-loopback": () => reached(given("ESCAPE_LOOPBACK"), toAddress),
  "machine-addresses": () => reached([...given("ESCAPE_ADDRESSES"), ...gateways(given("ESCAPE_ADDRESSES"))], toAddress),
  "other-dyno": () => reached(given("ESCAPE_NEIGHBOR"), toAddress),

  // Whether a visitor of the other dyno meets this app, only they can tell: `got` says what the port's owner let happen.
  "others-port": async () => {
    const ports = given("ESCAPE_NEIGHBOR").map((place) => toAddress(place).port);
    const tried = [];
    for (const port of ports) for (const host of ["::", "127.0.0.1"]) tried.push(await steal(port, host));
    return ["no", tried.join(" ")];
  },
};
