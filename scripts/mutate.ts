// Breaks the program on purpose, one line at a time, in a copy: every break must turn a test red.
//   npm run mutate               all of them
//   npm run mutate -- --list     what they are
//   npm run mutate -- --only 7   one of them
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"

interface Mutation {
  readonly breaks: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly text: string
  readonly replacement: string
}

const inFile = (file: string, ...rows: ReadonlyArray<readonly [breaks: string, text: string, replacement: string]>) =>
  rows.map(([breaks, text, replacement]): Mutation => ({ breaks, file, text, replacement }))

const mutations: ReadonlyArray<Mutation> = [
  ...inFile("src/layers/nats/NatsOptions.ts", [
    "a frozen server is alive for a minute",
    "pingInterval: 2_000",
    "pingInterval: 20_000"
  ]),
  ...inFile("src/layers/nats/Inbox.ts", ["a refused inbox stays deaf", "else subscription = undefined", "else void 0"]),
  ...inFile("src/services/bridge/BridgeWatch.ts", [
    "nobody is asked who is there",
    "if (!speaks || membersAsked",
    "if (speaks || membersAsked"
  ]),
  ...inFile(
    "src/domain/bridge/BridgeSighting.ts",
    ["the domain is not the bridge's", "? { ...room, domain } : room", "? room : room"],
    [
      "auto never learns",
      "setting === \"auto\" ? protocol ?? fallbackProtocol",
      "setting === \"auto\" ? fallbackProtocol"
    ]
  ),
  ...inFile("src/layers/replay/LogOutline.ts", [
    "a recording that goes on in another file is taken for a restart",
    "settle(entry.since.mono >= heading.entry.mono)",
    "settle(true)"
  ]),
  ...inFile("src/domain/wire/ChatLog.ts", [
    "equal lines of a second are one",
    "time: time + Math.min(before, 999)",
    "time"
  ]),
  ...inFile("src/layers/process/HttpServer.ts", [
    "the newest connection goes, not the longest idle",
    "longest.destroy()",
    "socket.destroy()"
  ]),
  ...inFile("src/layers/process/PidFile.ts", ["a link is followed", " | constants.O_NOFOLLOW", ""]),
  ...inFile("src/domain/triggers/ClockSkew.ts", [
    "a room's history is taken for a wrong clock",
    "Math.abs(ageMs - row.ageMs) <= alike",
    "ageMs > alike"
  ]),
  ...inFile(
    "src/layers/telemetry/ExportTracer.ts",
    ["every function is a span of the trace", "sampled && Context.get(options.annotations, Exported)", "sampled"],
    ["a span without a trace is exported", "sampled && Context.get", "Context.get"],
    ["a span stands below a function's", "Tracer.DisablePropagation, true", "Tracer.DisablePropagation, false"],
    ["a span fails with all that it failed with", "Exit.fail({ name: failure._tag, message: failure.message })", "exit"]
  ),
  ...inFile(
    "src/layers/process/Output.ts",
    ["the daemon ends with its log's reader", "if (isDaemon()) return", "if (isDaemon()) process.exit(1)"],
    [
      "health does not say that the log is lost",
      "error === undefined ? undefined : reasonOf(error)",
      "error === undefined ? undefined : undefined"
    ]
  ),
  ...inFile(
    "src/layers/process/EarlySignals.ts",
    ["an early SIGHUP ends the process", "if (isDaemon()) process.on(\"SIGHUP\", hold)", ""],
    ["an early SIGTERM is forgotten", "  stops = 0\n  stop()", ""]
  ),
  ...inFile("src/layers/process/Crash.ts", [
    "an error that nobody caught ends as a wrong configuration",
    "process.exit(exitCodes.runtime)",
    "process.exit(exitCodes.usage)"
  ]),
  ...inFile(
    "src/domain/limits/SlidingWindow.ts",
    ["a window is closed on its left too", "sentAt > now - windowMs).length", "sentAt >= now - windowMs).length"],
    ["a sent reply counts as held for ever", "entry.id === id ? { ...entry, sentAt } : entry", "entry"],
    [
      "a sent reply counts from its admission",
      "{ ...entry, sentAt } : entry",
      "{ ...entry, sentAt: entry.admittedAt } : entry"
    ],
    ["what was sent can be given back", "entry.id !== id || entry.sentAt !== undefined", "entry.id !== id"],
    [
      "retryAfterMs names when the oldest leaves, however many must",
      "windowMs, now) - maximum]",
      "windowMs, now) - countInside(entries, windowMs, now)]"
    ]
  ),
  ...inFile(
    "src/domain/limits/LimitCheck.ts",
    [
      "the channel's limits are named before the user's",
      "of rulesOf(state, request)) {",
      "of rulesOf(state, request).toReversed()) {"
    ],
    ["one reply more than the maximum", "allowed: used < maximum.value", "allowed: used <= maximum.value"],
    ["one reply more under way than allowed", "allowed: held < maximum,", "allowed: held <= maximum,"],
    [
      "the global cooldown runs from the last send only",
      "?? Number.NEGATIVE_INFINITY, ...admissions)",
      "?? Number.NEGATIVE_INFINITY)"
    ],
    ["an entry's max_per_hour is ignored", "hourMs, own.max_per_hour]", "hourMs, own.max_per_channel_per_hour]"]
  ),
  ...inFile(
    "src/domain/limits/LimitState.ts",
    ["one person's private message silences the others", "entry.type === \"pm\" ?", "entry.type === \"mention\" ?"],
    [
      "a user's limits count for each trigger apart",
      "[windowName(\"user\", name)",
      "[windowName(\"user\", entry.type, name)"
    ]
  ),
  ...inFile(
    "src/domain/limits/RateLimit.ts",
    [
      "a released reply keeps its cooldown",
      "channelWindows: [...ofChannel, ...cooldowns]",
      "channelWindows: ofChannel"
    ],
    ["the global cooldown forgets what was sent", "channel: { ...channel, lastSentAt: sentAt }", "channel"],
    [
      "a cooldown is over a moment late",
      "key.entry.cooldown_seconds * 1000 - now)",
      "key.entry.cooldown_seconds * 1000 + 1 - now)"
    ],
    ["idle users are never forgotten", "windows: sweep(limits.windows, now)", "windows: limits.windows"]
  ),
  ...inFile(
    "src/domain/limits/MediaSilence.ts",
    [
      "the silence is over a moment late",
      "changedAt + cooldownSeconds * 1000 - now",
      "changedAt + cooldownSeconds * 1000 + 1 - now"
    ],
    [
      "the same media again silence the bot",
      "known === undefined || known.type !== media.type || known.id !== media.id",
      "known === undefined || known !== media"
    ]
  ),
  ...inFile(
    "src/domain/triggers/TriggerEntry.ts",
    [
      "keywords come before mentions",
      "[MentionEntry, PmEntry, KeywordEntry, ContextualEntry]",
      "[KeywordEntry, PmEntry, MentionEntry, ContextualEntry]"
    ]
  ),
  ...inFile(
    "src/domain/triggers/Trigger.ts",
    [
      "the dice ignore the seed",
      "hashToUnit([\"draw\", seed, identity, key])",
      "hashToUnit([\"draw\", identity, key])"
    ],
    [
      "the dice are the same for every entry",
      "hashToUnit([\"draw\", seed, identity, key])",
      "hashToUnit([\"draw\", seed, identity])"
    ],
    ["one losing draw too many", "unlucky >= entry.max_unlucky_draws.value", "unlucky > entry.max_unlucky_draws.value"],
    [
      "a private message is tested by every trigger",
      "on === (facts.private ? \"pm\" : \"line\")",
      "on !== \"timer\" && (on !== \"pm\" || facts.private)"
    ],
    ["a disabled entry fires", "if (!trigger.entry.enabled) return disabled", ""]
  ),
  ...inFile(
    "src/domain/decision/DecidingStep.ts",
    [
      "the last entry that cools down decides, not the first",
      "steps.findIndex((step) => refuses(step, reason))",
      "steps.findLastIndex((step) => refuses(step, reason))"
    ],
    [
      "a lost draw decides a reply that was late",
      "(step.result._tag === \"Probability\" && reason === \"probability\")",
      "step.result._tag === \"Probability\""
    ]
  ),
  ...inFile(
    "src/domain/triggers/Screening.ts",
    ["an event that comes twice is handled twice", "if (facts.duplicate) return skip(\"duplicate\", false)", ""],
    ["the bot answers itself", "if (user === facts.bot.key) return skip(\"own_line\", true)", ""],
    [
      "commands for other bots trigger",
      "if (line._tag === \"ChatMsg\" && facts.bot.isForAnotherBot(line.text)) return skip(\"other_bot\", true)",
      ""
    ],
    ["ignored users trigger", "if (facts.bot.ignored.has(user)) return skip(\"ignored_user\", true)", ""],
    [
      "what was said before the start triggers",
      "return skip(\"before_start\", true, { ageMs })",
      "return undefined"
    ],
    [
      "a line is stale at exactly the limit",
      "ageMs > maximumAgeMs",
      "ageMs >= maximumAgeMs"
    ]
  ),
  ...inFile(
    "src/domain/llm/Prompt.ts",
    ["max_context_messages is ignored", ".slice(-input.maxContextMessages)", ""],
    [
      "the trigger line is in the context too",
      "line.key === undefined || line.key !== input.triggerKey",
      "line !== undefined"
    ]
  ),
  ...inFile(
    "src/domain/reply/Reply.ts",
    [
      "commands are sent as they are",
      "commands.strip(collapsed(clean(text, speakers), settings))",
      "collapsed(clean(text, speakers), settings)"
    ]
  ),
  ...inFile(
    "src/domain/reply/Transcript.ts",
    ["the bot speaks for others", "others.exec(unfenced)?.index ?? unfenced.length", "unfenced.length"]
  ),
  ...inFile(
    "src/domain/reply/Sentence.ts",
    [
      "a sentence ends only before a capital",
      ".flatMap(({ segment }) => withSmallStarts(segment))",
      ".map(({ segment }) => segment)"
    ]
  ),
  ...inFile(
    "src/domain/CommandPrefix.ts",
    [
      "figures are commands",
      "if (figure.test(begins) || face.test(begins)) return 0",
      "if (face.test(begins)) return 0"
    ]
  ),
  ...inFile(
    "src/domain/triggers/NameMatch.ts",
    ["a link is a mention", "matchName(text.replace(otherThings, \" \"))", "matchName(text)"]
  ),
  ...inFile(
    "src/domain/Ids.ts",
    ["names in another case are other people", "asUserKey(name.toLowerCase())", "asUserKey(name)"]
  ),
  ...inFile(
    "src/domain/Conversation.ts",
    [
      "private lines enter the channel's window",
      "with: sender === bot ? userKey(line.to) : sender",
      "with: undefined"
    ]
  ),
  ...inFile(
    "src/services/decision/DecisionRecorder.ts",
    ["a bug of ours leaves its decision open", "decision.close(internalError)\n", "\n"]
  ),
  ...inFile(
    "src/services/MessagePipeline.ts",
    [
      "a bug of ours leaves a line's decision open",
      "(decision ?? open(opening, heard)).close(internalError)\n",
      "\n"
    ],
    [
      "a private message is answered in the room",
      "to: line._tag === \"Pm\" ? line.username : undefined",
      "to: undefined"
    ],
    [
      "the silence after a media change is not checked",
      "!admission.maySpeak(channel, line._tag === \"Pm\", now)",
      "false"
    ]
  ),
  ...inFile(
    "src/services/Hearing.ts",
    [
      "echoes enter the context again",
      "updates.isEcho(conversation, line, arrival.arrivedAt)",
      "false"
    ]
  ),
  ...inFile(
    "src/services/reply/Replies.ts",
    ["a failed reply keeps its place", "          limiter.release(job.reservation)\n", ""],
    [
      "a blocked answer is sent",
      "if (reply._tag === \"Dropped\") return skipped(reply.reason, { dropped: reply.dropped })",
      "if (reply._tag === \"Dropped\") return yield* outbox.send(job, [text])"
    ]
  ),
  ...inFile(
    "src/domain/reply/ExpectedEchoes.ts",
    [
      "somebody else's line confirms a reply",
      "mostAlike(candidates, text, 1) ?? mostAlike(open, text, alike)",
      "mostAlike(candidates, text, 0)"
    ],
    [
      "what was refused is confirmed by a line like it",
      "?? mostAlike(open, text, alike)",
      "?? mostAlike(candidates, text, alike)"
    ],
    ["a kick refuses one reply", "kind === \"kick\" ? open : open.slice(0, 1)", "open.slice(0, 1)"]
  ),
  ...inFile(
    "src/services/reply/LineSender.ts",
    [
      "a ready reply does not wait for the global cooldown",
      "index > 0 ? 0 : limiter.sendDelay(channel.key, channel.rateLimits, now)",
      "0"
    ],
    [
      "a ready reply does not wait for the room's flood control",
      "const pacingMs = paceDelay(states.of(channel.key).pace, now)",
      "const pacingMs = 0"
    ],
    ["replies are sent past their deadline", "(left) => left < waitMs)) return", "() => false)) return"],
    ["what nobody heard counts as sent", "if (!heard) {", "if (heard === undefined) {"],
    ["a muted bot speaks", "states.of(job.channel.key).muted) return \"muted\"", "false) return \"muted\""],
    [
      "replies of a channel leave all at once",
      "turnOf(states.of(job.channel.key)).withPermit(takeTurn(job, line))",
      "takeTurn(job, line)"
    ]
  ),
  ...inFile(
    "src/services/reply/Outbox.ts",
    [
      "the rest of a reply is said into a newer one",
      "() => isNextReady(job) ? \"newer_reply\" as const : undefined",
      "() => undefined"
    ],
    [
      "what was seen meanwhile is sent again",
      "() => deliveries.isSeen(first.echo) ? \"seen\" as const : undefined",
      "() => undefined"
    ]
  ),
  ...inFile(
    "src/services/reply/DeliveryTracker.ts",
    [
      "a refused reply is left at that",
      "(cause === \"cooldown\" || cause === \"kick\")) return",
      "if (cause === \"kick\") return"
    ]
  ),
  ...inFile(
    "src/domain/triggers/UnluckyDraws.ts",
    [
      "losing draws are counted for ever",
      "if (result._tag === \"Fired\" || result._tag === \"Probability\") draws.delete(key)",
      "if (result._tag === \"Probability\") draws.delete(key)"
    ]
  ),
  ...inFile(
    "src/services/triggers/ContextualTimer.ts",
    [
      "the model is asked before the limits",
      "const reservation = admission.admit(",
      "Effect.runFork(Effect.result(ask(channel, trigger.entry, decision))); const reservation = admission.admit("
    ],
    ["a no of the model leads to a reply", "if (!answer.success) return", "if (answer.success === undefined) return"]
  ),
  ...inFile(
    "src/services/decision/DecisionRecorder.ts",
    [
      "what was said is kept although log_content is off",
      "if (opening.logContent) record.content",
      "if (opening.line !== undefined) record.content"
    ]
  ),
  ...inFile(
    "src/domain/wire/LineText.ts",
    ["a recorded line is no HTML, and is read otherwise", "text.replaceAll(\"&\", \"&amp;\")", "text"]
  ),
  ...inFile(
    "src/services/replay/Pseudonyms.ts",
    ["an anonymous recording names people inside of lines", "text.replace(word, inWord)", "text"],
    [
      "an anonymous recording keeps what the name was made into",
      "const { identity: _betraysNames, ...event } = entry",
      "const event = entry"
    ],
    [
      "an anonymous recording keeps addresses and profiles",
      ".filter(([key]) => nameFields.has(key) || readFields.has(key))",
      ""
    ]
  ),
  ...inFile(
    "src/layers/time/SettlingScheduler.ts",
    ["time passes before those who woke have done what they can", "if (tasks.length === 0) waiting", "waiting"]
  ),
  ...inFile(
    "src/domain/replay/ReplayFidelity.ts",
    [
      "a replay that ends otherwise counts as alike",
      "if (endKey(live) !== endKey(replay)) return",
      "if (endKey(live) === \"\") return"
    ]
  ),
  ...inFile(
    "src/domain/endpoints/CircuitBreaker.ts",
    ["failures of one moment count each", "now - breaker.failedAt < momentMs", "now < breaker.failedAt"],
    ["what hung before the last answer counts", "const stale = breaker.answeredAt > beganAt", "const stale = false"],
    ["Retry-After has no ceiling", "Math.min(askedMs ?? backoffMs, longestRefusalMs)", "(askedMs ?? backoffMs)"],
    [
      "a trial that hangs holds up the others",
      "brokenUntil: now + openMs(breaker.failures) }",
      "brokenUntil: Infinity }"
    ]
  ),
  ...inFile(
    "src/domain/endpoints/ReplyTime.ts",
    ["a retry takes the fallback's time", "waitMs + sum(fresh) <= leftMs", "waitMs <= leftMs"],
    ["the first endpoint takes all the time", "leftMs * timeoutMs / (timeoutMs + others)", "leftMs"]
  ),
  ...inFile(
    "src/domain/limits/FloodControl.ts",
    ["the replies ahead are not counted", "const behind = ahead - free", "const behind = -free"],
    ["lines that keep coming earn a new burst", "now - lastAt >= resetMs ? burst", "now - lastAt >= 0 ? burst"],
    ["a refusal changes no pace", "Math.max(pace.intervalMs, waitMs + marginMs)", "pace.intervalMs"]
  ),
  ...inFile(
    "src/layers/llm/LlmSend.ts",
    ["redirects are followed anywhere", "isSameServer && followed", "followed"]
  ),
  ...inFile(
    "src/domain/playground/SettingsValues.ts",
    [
      "the page edits another trigger than it shows",
      "encodeTriggers(triggersOf(settings, channel))",
      "encodeTriggers(channel.triggers.map(({ entry }) => entry))"
    ]
  )
]

const tests = ["test/domain", "test/services", "test/scenarios.test.ts"]

/** The tests that lie where the file lies; they tell most breaks in seconds. */
const testsNear = (file: string): string => dirname(file).replace(/^src\//, "test/")
const left = new Set(["node_modules", ".git", "dist", "coverage"])
const repository = join(import.meta.dirname, "..")

const copyRepository = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "llm-bot-mutate-"))
  cpSync(repository, folder, { recursive: true, filter: (from) => !left.has(from.slice(repository.length + 1)) })
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"))
  return folder
}

/** The first red test, or nothing when all are green. Fewer random runs than usual do. */
const firstRed = (folder: string, files: ReadonlyArray<string>): string | undefined => {
  const vitest = join(folder, "node_modules/vitest/vitest.mjs")
  const { status, stderr, stdout } = spawnSync(process.execPath, [
    vitest,
    "run",
    ...files,
    "--bail",
    "1",
    "--passWithNoTests"
  ], {
    cwd: folder,
    encoding: "utf8",
    env: { PROPERTY_RUNS: "8", ...process.env, NO_COLOR: "1" }
  })
  if (status === 0) return undefined
  return /FAIL\s+(.*)/.exec(`${stdout}\n${stderr}`)?.[1] ?? "the tests do not even start"
}

/** Runs the tests on the broken copy and mends it again. */
const tryMutation = (folder: string, { file, replacement, text }: Mutation): string | undefined => {
  const path = join(folder, file)
  const source = readFileSync(path, "utf8")
  writeFileSync(path, source.replace(text, () => replacement))
  const red = firstRed(folder, [`${testsNear(file)}/`]) ?? firstRed(folder, tests)
  writeFileSync(path, source)
  return red
}

const isThere = ({ file, text }: Mutation): boolean =>
  readFileSync(join(repository, file), "utf8").split(text).length === 2

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const nameOf = (mutation: Mutation): string =>
  `${mutations.indexOf(mutation) + 1}. ${mutation.file}: ${mutation.breaks}`

const runAll = (chosen: ReadonlyArray<Mutation>): number => {
  const folder = copyRepository()
  try {
    const red = firstRed(folder, tests)
    if (red !== undefined) {
      print(`nothing can be learned while tests are red: ${red}`)
      return 1
    }
    const survivors = chosen.filter((mutation) => {
      const caughtBy = tryMutation(folder, mutation)
      print(
        `${caughtBy === undefined ? "SURVIVED" : "caught"}  ${nameOf(mutation)}${
          caughtBy === undefined ? "" : `  [${caughtBy}]`
        }`
      )
      return caughtBy === undefined
    })
    print(`${chosen.length - survivors.length} of ${chosen.length} caught`)
    return survivors.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const main = (): number => {
  const { values } = parseArgs({ options: { list: { type: "boolean" }, only: { type: "string" } } })
  const missing = mutations.filter((mutation) => !isThere(mutation))
  for (const mutation of missing) print(`the text is not there exactly once: ${nameOf(mutation)}: ${mutation.text}`)
  if (missing.length > 0) return 1
  const chosen = mutations.filter((_, index) => values.only === undefined || index + 1 === Number(values.only))
  if (values.list === true || chosen.length === 0) {
    for (const mutation of mutations) print(nameOf(mutation))
    return values.list === true ? 0 : 1
  }
  return runAll(chosen)
}

process.exitCode = main()
