import { coreJourney } from "../core-journey.ts";

/** The first hour on this machine as it is, or on the installation that is tried. */
coreJourney({ whole: true });
