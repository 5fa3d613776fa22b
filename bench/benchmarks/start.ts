import { join } from "node:path"
import { Effect } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { alternated, type Benchmark, type Figure, ratioFigure, type Target, valueFigure } from "../Figure.ts"
import { bundle, configFile, scratch, startBot, unlimited } from "../process/Bot.ts"
import { measured } from "../process/Measured.ts"

/** How long something takes, in s of wall time: starting is mostly work of one thread, and who starts it waits. */
const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, () => (performance.now() - began) / 1000)
  })

const runs = (args: ReadonlyArray<string>) =>
  seconds(Effect.scoped(Effect.flatMap(measured(args), ({ child, exited }) => {
    child.disconnect()
    child.stdout?.resume()
    return exited
  })))

const nothing = runs(["-e", "0"])

const configured = (channels: number) =>
  Effect.flatMap(NatsServer, ({ url }) => configFile(url, "http://127.0.0.1:9/v1", channels, unlimited))

const readyWith = (config: Effect.Success<ReturnType<typeof configFile>>, env: Readonly<Record<string, string>> = {}) =>
  Effect.scoped(seconds(startBot(config, [], env)))

const ready = Effect.fnUntraced(
  function*(about: Pick<Figure, "id" | "what" | "target">, rounds: number, env: Readonly<Record<string, string>> = {}) {
    const results = yield* alternated(rounds, nothing, readyWith(yield* configured(1), env))
    return ratioFigure(about, "cost", {
      baseline: results.map(({ baseline }) => baseline * 1000),
      ours: results.map(({ ours }) => ours * 1000)
    }, "ms")
  },
  Effect.provide(NatsServer.layer),
  Effect.scoped
)

const one = { id: "g.ready", what: "start to ready, one channel", target: { kind: "at most", value: 8 } } as const
const first = { id: "g.first", what: "the first start to ready: nothing is compiled yet", target: undefined }

const many = Effect.gen(function*() {
  const results = yield* alternated(1, nothing, readyWith(yield* configured(10_000)))
  const target: Target = { kind: "at most", value: 1.5 }
  return valueFigure({ id: "g.many", what: "start to ready, 10,000 channels", target }, {
    baseline: results.map(({ baseline }) => baseline),
    ours: results.map(({ ours }) => ours)
  }, "s")
}).pipe(Effect.provide(NatsServer.layer), Effect.scoped)

const commands = Effect.gen(function*() {
  const { url } = yield* NatsServer
  const bot = yield* startBot(yield* configFile(url, "http://127.0.0.1:9/v1", 1, unlimited))
  const folder = yield* scratch
  let written = 0
  const commands: ReadonlyArray<readonly [name: string, args: () => ReadonlyArray<string>, target?: Target]> = [
    ["explain", () => ["explain", "--config", bot.config], { kind: "at most", value: 0.4 }],
    ["check-config", () => ["check-config", bot.config], { kind: "at most", value: 0.4 }],
    ["schema", () => ["schema"]],
    ["init", () => ["init", join(folder, `config${written++}.yaml`)]],
    ["help", () => ["--help"]]
  ]
  return yield* Effect.forEach(
    commands,
    Effect.fnUntraced(function*([name, args, target]) {
      const results = yield* alternated(3, nothing, Effect.suspend(() => runs([bundle, ...args()])))
      return valueFigure({ id: `g.${name}`, what: `the command ${name}`, target }, {
        baseline: results.map(({ baseline }) => baseline),
        ours: results.map(({ ours }) => ours)
      }, "s")
    })
  )
}).pipe(Effect.provide(NatsServer.layer), Effect.scoped)

/** (g) How long the program takes to be ready, and each command to be done. */
export const start: Benchmark = {
  name: "start",
  run: Effect.fnUntraced(function*(extent) {
    if (extent === "short") return [yield* ready(one, 4)]
    return [
      yield* ready(one, 8),
      yield* ready(first, 4, { NODE_DISABLE_COMPILE_CACHE: "1" }),
      yield* many,
      ...yield* commands
    ]
  })
}
