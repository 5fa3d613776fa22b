import { defineConfig } from "rolldown"
import { ascii, requiredHttp } from "./scripts/bundled.ts"
import { licenses } from "./scripts/licenses.ts"

// The bundle holds no TypeScript and runs on older Nodes than the source does.
const guard = `if (Number(process.versions.node.split(".")[0]) < 20) {
  process.stderr.write("llm-bot needs Node 20 or newer, this is " + process.version + "; install a current Node\\n")
  process.exit(1)
}`

/** What holds signals, survives a lost stdout and lets Node keep the rest compiled: it is run before anything else. */
const firstModules =
  /\/src\/layers\/process\/(?:CompileCache|Crash|DefectText|EarlySignals|ExitCodes|Output|VisibleText)\.ts$/

/** The program without its TypeScript: starts three times as fast, and Node runs none under node_modules. */
export default defineConfig({
  input: "src/program.ts",
  platform: "node",
  plugins: [requiredHttp, ascii, licenses("THIRD-PARTY-LICENSES.txt")],
  output: {
    format: "esm",
    dir: "dist",
    entryFileNames: "llm-bot.mjs",
    chunkFileNames: "llm-bot/[name].mjs",
    codeSplitting: {
      groups: [{ name: "signals", test: firstModules }]
    },
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    banner: ({ isEntry }) => isEntry ? `#!/usr/bin/env node\n${guard}` : ""
  }
})
