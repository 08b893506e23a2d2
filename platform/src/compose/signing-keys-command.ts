import { runKeyCommand } from "../delivery/attestation/index.ts";
import { runOperatorCommand } from "./operator-command.ts";

const USAGE = `Usage: npm run -s signing-keys -- list          the keys that images are signed with
       npm run -s signing-keys -- rotate        have a new key sign from now on; what was signed stays good
       npm run -s signing-keys -- revoke <id>   believe nothing more that a key has signed`;

if (import.meta.main) {
  await runOperatorCommand(async (args, call) => {
    const said = await runKeyCommand(args, call);
    if (said === undefined) throw new Error(USAGE);
    return said;
  });
}
