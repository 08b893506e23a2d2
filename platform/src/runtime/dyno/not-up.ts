import { type BusinessError, conflict } from "../../kernel/index.ts";

/** Nothing can be run inside a dyno in that state. */
export function notUp(name: string, state: string): BusinessError {
  return conflict(
    `${name} is ${state}: a command can be run only inside a dyno that is up. See \`heroku ps\`.`,
  );
}
