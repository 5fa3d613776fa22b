import { defineConfig } from "rolldown"
import { licenses } from "./scripts/licenses.ts"

// The bundle holds no TypeScript and runs on older Nodes than the source does.
const guard = `if (Number(process.versions.node.split(".")[0]) < 20) {
  process.stderr.write("llm-bot needs Node 20 or newer, this is " + process.version + "; install a current Node\\n")
  process.exit(1)
}`

/** The whole program as one file: starts three times as fast, and Node runs no TypeScript under node_modules. */
export default defineConfig({
  input: "src/program.ts",
  platform: "node",
  plugins: [licenses("THIRD-PARTY-LICENSES.txt")],
  output: {
    format: "esm",
    file: "dist/llm-bot.mjs",
    codeSplitting: false,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    banner: `#!/usr/bin/env node\n${guard}`
  }
})
