import { describe } from "vitest";
import { coreJourney } from "../core-journey.ts";
import {
  asOrdinary,
  asRoot,
  changedMachine,
  makeOrdinaryAccount,
  WITHOUT_CGROUPS,
} from "../lesser-machine.ts";

/** The first hour on machines that give Conifer less than this one does. */

const isRoot = process.getuid?.() === 0;
const why = isRoot ? "" : " (skipped: only root can make this machine a lesser one)";

describe.skipIf(!isRoot)(`as root without cgroups${why}`, () => {
  coreJourney({ prepare: async () => asRoot(changedMachine(WITHOUT_CGROUPS)) });
});

describe.skipIf(!isRoot)(`as an ordinary account${why}`, () => {
  let account: Awaited<ReturnType<typeof makeOrdinaryAccount>> | undefined;

  coreJourney({
    prepare: async () => {
      account = await makeOrdinaryAccount();
      return asOrdinary(account);
    },
    leave: async () => await account?.remove(),
  });
});
