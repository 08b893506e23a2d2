import { type GivenCertificate, openGivenCertificate } from "../edge/certificate/index.ts";
import { type Logger, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";

/** The certificate that the operator gave, for any process with a port; undefined where there is none. Throws when it is of no use. */
export function openGiven(
  { tlsFiles }: Pick<Config, "tlsFiles">,
  logger: Logger,
): GivenCertificate | undefined {
  return (
    tlsFiles &&
    openGivenCertificate({
      ...tlsFiles,
      now: systemClock,
      refused: (reason) =>
        logger.error(
          "the operator's certificate is not as it should be; the one before stays in use, if there is one",
          { reason },
        ),
    })
  );
}
