import { resolve } from "node:path"
import { rolldown } from "rolldown"
import config from "../../rolldown.config.ts"

/** The program as it is shipped, made anew for each run of the tests: it starts three times as fast as the source. */
export const programBundle = resolve(import.meta.dirname, "../../dist/test/llm-bot.mjs")

/** Makes the bundle; runs once before all tests that start it. */
export const setup = async (): Promise<void> => {
  const { output, ...input } = config
  const bundle = await rolldown(input)
  await bundle.write({ ...output, file: programBundle })
  await bundle.close()
}
