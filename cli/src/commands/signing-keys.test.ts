import { expect, test } from "vitest";
import { CliError } from "../cli-error.ts";
import { run } from "./signing-keys.ts";

test.each([[[]], [["revoke"]], [["make"]], [["rotate", "now"]]])(
  "%j is refused before the cluster is asked",
  async (words) => {
    const running = run(words);
    await expect(running).rejects.toBeInstanceOf(CliError);
    await expect(running).rejects.toMatchObject({ failure: "usage" });
  },
);
