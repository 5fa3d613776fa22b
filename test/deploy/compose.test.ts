import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { parse } from "yaml"
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import { natsServerBinary } from "../support/natsServerBinary.ts"
import { promtool } from "../support/promtool.ts"
import {
  compose,
  exampleEnvironment,
  mountedAt,
  pathInCompose,
  service,
  settingsInCompose,
  variablesIn
} from "./support/Compose.ts"

const read = (file: string): unknown => parse(readFileSync(file, "utf8"))
const text = readFileSync(pathInCompose("compose.yaml"), "utf8")

/** The bot's settings as they are in its container. */
const settings = (() => {
  const { env, file } = settingsInCompose()
  const parsed = parseSettings(readFileSync(file, "utf8"), env)
  assert.strictEqual(parsed._tag, "Success", JSON.stringify(parsed))
  if (parsed._tag === "Failure") throw new Error("unreachable")
  return parsed.success
})()

const run = (program: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(program, args, { encoding: "utf8" })
  return { status, said: `${stdout}${stderr}` }
}

describe("deploy/compose.yaml", () => {
  it("names every variable in .env.example, and none is left over", () => {
    assert.sameMembers([...new Set(variablesIn(text))], Object.keys(exampleEnvironment()))
  })

  it("gives the bot every variable its configuration wants", () => {
    const { env, file } = settingsInCompose()
    const wanted = new Set(variablesIn(readFileSync(file, "utf8")))
    // The comment's word for any of them.
    wanted.delete("NAME")
    assert.sameMembers([...wanted], Object.keys(env))
  })

  it("keeps what the bot knows in a volume of its own", () => {
    const directory = Option.getOrThrow(settings.settings.state.directory)
    const mounted = (service("llm-bot").volumes ?? []).map((volume) => volume.split(":"))
    assert.deepInclude(mounted, ["llm-bot-state", directory])
    assert.include(
      readFileSync(pathInCompose("../Dockerfile"), "utf8"),
      `${directory} && chown 1000:1000 compiled ${directory}`
    )
  })

  it("mounts what there is, and keeps data in volumes that it names", () => {
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      for (const [source = "", , mode] of volumes.map((volume) => volume.split(":"))) {
        if (!source.startsWith(".")) assert.property(compose.volumes, source, name)
        else {
          assert.isTrue(existsSync(pathInCompose(source)), `${name}: ${source}`)
          assert.strictEqual(mode, "ro", `${name}: ${source}`)
        }
      }
    }
    const { build } = service("llm-bot")
    assert.isTrue(existsSync(join(pathInCompose(build?.context ?? ""), "Dockerfile")))
  })

  it("pins every image, opens ports to this machine only, waits for what has a health check", () => {
    for (const [name, { build, depends_on = {}, image, ports = [] }] of Object.entries(compose.services)) {
      if (build === undefined) assert.match(image, /:v?\d+\.\d+\.\d+(-alpine)?$/, name)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/, name)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        assert.property(service(other), "healthcheck", `${name} waits for ${other}`)
        assert.strictEqual(condition, "service_healthy")
      }
    }
    assert.property(service("llm-bot").depends_on, "nats")
  })

  it("takes from every service what it does not need", () => {
    for (const [name, one] of Object.entries(compose.services)) {
      assert.deepStrictEqual(one.cap_drop, ["ALL"], name)
      assert.deepStrictEqual(one.security_opt, ["no-new-privileges:true"], name)
      // Grafana unpacks plugins beside its data.
      assert.strictEqual(one.read_only ?? false, name !== "grafana", name)
    }
    assert.strictEqual(service("llm-bot").stop_grace_period, "40s")
  })

  it("its configuration of the bot has neither errors nor warnings, and fits the ports and names here", () => {
    assert.deepStrictEqual(settings.warnings, [])
    const { health, nats, telemetry } = settings.settings
    assert.strictEqual(health.host, "0.0.0.0")
    assert.include(service("llm-bot").ports ?? [], `127.0.0.1:${health.port}:${health.port}`)
    // The image's health check asks there unless it is told otherwise.
    assert.match(readFileSync(pathInCompose("../Dockerfile"), "utf8"), new RegExp(`HEALTH_PORT=${health.port}\\b`))
    const [server = ""] = nats.servers
    assert.strictEqual(new URL(server).hostname, "nats")
    assert.include(service("nats").ports ?? [], `127.0.0.1:${new URL(server).port}:${new URL(server).port}`)
    assert.isTrue(telemetry.otlp_endpoint._tag === "Some")
  })

  it("NATS takes its configuration and is asked for its health where it answers", () => {
    const file = mountedAt("nats", "/etc/nats/nats-server.conf")
    const { said, status } = run(natsServerBinary(), "-t", "-c", file)
    assert.strictEqual(status, 0, said)
    const [, port] = /^http: (\d+)$/m.exec(readFileSync(file, "utf8")) ?? []
    assert.include(service("nats").healthcheck?.test.at(-1), `:${port}/`)
  })

  it("Prometheus takes its configuration, finds its rules and asks the bot", () => {
    const file = mountedAt("prometheus", "/etc/prometheus/prometheus.yml")
    const { said, status } = run(promtool(), "check", "config", file)
    assert.strictEqual(status, 0, said)
    assert.include(said, "is valid prometheus config file syntax")
    const Prometheus = Schema.Struct({
      rule_files: Schema.Tuple([Schema.String]),
      scrape_configs: Schema.Tuple([Schema.Struct({
        job_name: Schema.Literal("llm-bot"),
        static_configs: Schema.Tuple([Schema.Struct({ targets: Schema.Tuple([Schema.String]) })])
      })])
    })
    const { rule_files, scrape_configs: [{ static_configs: [{ targets }] }] } = Schema.decodeUnknownSync(Prometheus)(
      read(file)
    )
    assert.deepStrictEqual(targets, [`llm-bot:${settings.settings.health.port}`])
    assert.strictEqual(mountedAt("prometheus", `/etc/prometheus/${rule_files[0]}`), join(file, "..", rule_files[0]))
  })

  it("the collector listens where the bot sends its traces, and each part of its pipeline is there", () => {
    const file = mountedAt("otel-collector", "/etc/otelcol/config.yaml")
    assert.include(service("otel-collector").command ?? [], "/etc/otelcol/config.yaml")
    const Parts = Schema.Record(Schema.String, Schema.Unknown)
    const Collector = Schema.Struct({
      receivers: Schema.Struct({
        otlp: Schema.Struct({ protocols: Schema.Struct({ http: Schema.Struct({ endpoint: Schema.String }) }) })
      }),
      processors: Parts,
      exporters: Parts,
      service: Schema.Struct({
        pipelines: Schema.Struct({
          traces: Schema.Struct({
            receivers: Schema.Array(Schema.String),
            processors: Schema.Array(Schema.String),
            exporters: Schema.Array(Schema.String)
          })
        })
      })
    })
    const collector = Schema.decodeUnknownSync(Collector)(read(file))
    const { traces } = collector.service.pipelines
    for (const name of traces.receivers) assert.property(collector.receivers, name)
    for (const name of traces.processors) assert.property(collector.processors, name)
    for (const name of traces.exporters) assert.property(collector.exporters, name)
    const { otlp_endpoint } = settings.settings.telemetry
    const endpoint = new URL(otlp_endpoint._tag === "Some" ? otlp_endpoint.value : "http://nowhere")
    assert.strictEqual(endpoint.hostname, "otel-collector")
    assert.strictEqual(collector.receivers.otlp.protocols.http.endpoint, `0.0.0.0:${endpoint.port}`)
  })

  it("Grafana finds Prometheus and the dashboard", () => {
    const folder = mountedAt("grafana", "/etc/grafana/provisioning")
    const Source = Schema.Struct({ url: Schema.String, type: Schema.Literal("prometheus") })
    const decodeSources = Schema.decodeUnknownSync(Schema.Struct({ datasources: Schema.Tuple([Source]) }))
    const { datasources: [{ url }] } = decodeSources(read(join(folder, "datasources/prometheus.yaml")))
    assert.include(service("prometheus").ports ?? [], `127.0.0.1:${new URL(url).port}:${new URL(url).port}`)
    assert.property(compose.services, new URL(url).hostname)
    const Provider = Schema.Struct({ options: Schema.Struct({ path: Schema.String }) })
    const decodeProviders = Schema.decodeUnknownSync(Schema.Struct({ providers: Schema.Tuple([Provider]) }))
    const { providers: [{ options: { path } }] } = decodeProviders(read(join(folder, "dashboards/llm-bot.yaml")))
    assert.isTrue(existsSync(mountedAt("grafana", `${path}/llm-bot.json`)))
  })

  it("a docker that is here agrees", () => {
    // The client's plugin needs no engine; where there is none this has nothing to say.
    const files = ["--env-file", pathInCompose(".env.example"), "--file", pathInCompose("compose.yaml")]
    const { status, stderr } = spawnSync("docker", ["compose", ...files, "config", "--quiet"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"] }
    })
    const isPlugin = spawnSync("docker", ["compose", "version"]).status === 0
    if (isPlugin) assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
  })
})
