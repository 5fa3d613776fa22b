// Loaded before the program: sends it the signals in SIGNALS while its packages are evaluated, before any code that uses
// them runs. What effect first says of itself tells the moment.
const symbolFor = Symbol.for
Symbol.for = (key) => {
  if (Symbol.for !== symbolFor && /effect/i.test(key)) {
    Symbol.for = symbolFor
    for (const signal of process.env.SIGNALS.split(" ")) process.kill(process.pid, signal)
    process.stderr.write('{"message":"importing"}\n')
  }
  return symbolFor(key)
}
