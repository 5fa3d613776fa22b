import { packageFile } from "../process/Package.ts"

/** The replay's page, with the parts of the playground's page that it names put in their places: it stands alone. */
export const replayTemplate = (): string =>
  packageFile("playground/replay.html").replaceAll(
    /\/\* inlined: ([a-z]+\.css) \*\//g,
    (_, name) => packageFile(`playground/${name}`)
  )
