// Loaded before the program: on a Node that cannot run it, one line says what to do.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `llm-bot runs from source on Node 24.12 or newer, this is ${process.version}: run it by npm ("npm ci" brings its own Node; with --ignore-scripts it does not)\n`
  )
  process.exit(1)
}
