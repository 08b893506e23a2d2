const exhaust = require("./exhaust.js");

const gentle = {
  ...require("./files.js"),
  ...require("./processes.js"),
  ...require("./kernel.js"),
  ...require("./network.js"),
};

module.exports = { all: { ...gentle, ...exhaust }, gentle: Object.keys(gentle) };
