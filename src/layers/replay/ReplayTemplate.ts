import { packageFile } from "../process/Package.ts"

/** The replay's page with the parts of the playground's page inlined: it is standalone. */
export const replayTemplate = (): string =>
  packageFile("playground/replay.html").replaceAll(
    /\/\* inlined: ([a-z]+\.css) \*\//g,
    (_, name) => packageFile(`playground/${name}`)
  )
