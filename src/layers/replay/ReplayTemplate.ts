import { packageFile, pageLibrary } from "../process/Package.ts"
import { pageScript } from "./PageScript.ts"

/** A module of the page by its address, as the playground serves it. */
const moduleText = (path: string): string =>
  path === "/vendor/htm-preact.js" ? pageLibrary() : packageFile(`playground${path}`)

/** The replay's page with the styles and modules inlined that it shares with the playground's: it is standalone. */
export const replayTemplate = (): string =>
  packageFile("playground/replay/index.html").replaceAll(
    /\/\* inlined: ([\w/]+\.(?:css|js)) \*\//g,
    (_, file: string) => file.endsWith(".js") ? pageScript(`/${file}`, moduleText) : packageFile(`playground/${file}`)
  )
