import { basename, dirname, resolve } from "node:path"
import { rolldown } from "rolldown"
import config from "../../rolldown.config.ts"

/** The program as it is shipped, made anew for each run of the tests: it starts three times as fast as the source. */
export const programBundle = resolve(import.meta.dirname, "../../dist/test/llm-bot.mjs")

/** `hurriedProgram.ts` as a bundle. */
export const hurriedBundle = resolve(import.meta.dirname, "../../dist/test/hurried.mjs")

const build = async (file: string, input: string): Promise<void> => {
  const name = basename(file, ".mjs")
  const { output, ...rest } = config
  const bundle = await rolldown({ ...rest, input })
  await bundle.write({
    ...output,
    dir: dirname(file),
    entryFileNames: `${name}.mjs`,
    chunkFileNames: `${name}/[name].mjs`
  })
  await bundle.close()
}

/** Makes the bundles; runs once before all tests that start them. */
export const setup = async (): Promise<void> => {
  await build(programBundle, "src/program.ts")
  await build(hurriedBundle, "test/support/hurriedProgram.ts")
}
