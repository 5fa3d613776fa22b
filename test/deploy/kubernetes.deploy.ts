import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse, parseAllDocuments } from "yaml"
import manifest from "../../package.json" with { type: "json" }
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import { variablesIn } from "./support/Compose.ts"

const probe = (path: string) =>
  Schema.Struct({
    httpGet: Schema.Struct({ path: Schema.Literal(path), port: Schema.Literal("health") }),
    periodSeconds: Schema.Int,
    failureThreshold: Schema.optionalKey(Schema.Int),
    timeoutSeconds: Schema.optionalKey(Schema.Int)
  })
const labels = Schema.Struct({ "app.kubernetes.io/name": Schema.Literal("llm-bot") })

/** What has to be so, to the letter; the rest is looked at below. */
const Deployment = Schema.Struct({
  apiVersion: Schema.Literal("apps/v1"),
  kind: Schema.Literal("Deployment"),
  metadata: Schema.Struct({ name: Schema.Literal("llm-bot"), labels }),
  spec: Schema.Struct({
    replicas: Schema.Literal(2),
    strategy: Schema.Struct({
      type: Schema.Literal("RollingUpdate"),
      rollingUpdate: Schema.Struct({ maxSurge: Schema.Literal(1), maxUnavailable: Schema.Literal(0) })
    }),
    selector: Schema.Struct({ matchLabels: labels }),
    template: Schema.Struct({
      metadata: Schema.Struct({
        labels,
        annotations: Schema.Struct({
          "prometheus.io/scrape": Schema.Literal("true"),
          "prometheus.io/port": Schema.String,
          "prometheus.io/path": Schema.Literal("/metrics")
        })
      }),
      spec: Schema.Struct({
        topologySpreadConstraints: Schema.Tuple([Schema.Struct({
          maxSkew: Schema.Literal(1),
          topologyKey: Schema.Literal("kubernetes.io/hostname"),
          whenUnsatisfiable: Schema.Literal("ScheduleAnyway"),
          labelSelector: Schema.Struct({ matchLabels: labels })
        })]),
        automountServiceAccountToken: Schema.Literal(false),
        enableServiceLinks: Schema.Literal(false),
        terminationGracePeriodSeconds: Schema.Literal(40),
        securityContext: Schema.Struct({
          runAsNonRoot: Schema.Literal(true),
          runAsUser: Schema.Literal(1000),
          runAsGroup: Schema.Literal(1000),
          seccompProfile: Schema.Struct({ type: Schema.Literal("RuntimeDefault") })
        }),
        containers: Schema.Tuple([Schema.Struct({
          name: Schema.Literal("llm-bot"),
          image: Schema.String,
          envFrom: Schema.Tuple([Schema.Struct({ secretRef: Schema.Struct({ name: Schema.String }) })]),
          ports: Schema.Tuple([Schema.Struct({ name: Schema.Literal("health"), containerPort: Schema.Int })]),
          volumeMounts: Schema.Tuple([Schema.Struct({
            name: Schema.Literal("config"),
            mountPath: Schema.Literal("/config"),
            readOnly: Schema.Literal(true)
          })]),
          startupProbe: probe("/livez"),
          livenessProbe: probe("/livez"),
          readinessProbe: probe("/readyz"),
          resources: Schema.Struct({
            requests: Schema.Struct({ cpu: Schema.String, memory: Schema.String }),
            limits: Schema.Struct({ memory: Schema.Literal("512Mi") })
          }),
          securityContext: Schema.Struct({
            allowPrivilegeEscalation: Schema.Literal(false),
            readOnlyRootFilesystem: Schema.Literal(true),
            capabilities: Schema.Struct({ drop: Schema.Tuple([Schema.Literal("ALL")]) })
          })
        })]),
        volumes: Schema.Tuple([Schema.Struct({
          name: Schema.Literal("config"),
          configMap: Schema.Struct({ name: Schema.String })
        })])
      })
    })
  })
})
const DisruptionBudget = Schema.Struct({
  apiVersion: Schema.Literal("policy/v1"),
  kind: Schema.Literal("PodDisruptionBudget"),
  metadata: Schema.Struct({ name: Schema.Literal("llm-bot"), labels }),
  spec: Schema.Struct({
    minAvailable: Schema.Literal(1),
    selector: Schema.Struct({ matchLabels: labels })
  })
})
const ConfigMap = Schema.Struct({
  apiVersion: Schema.Literal("v1"),
  kind: Schema.Literal("ConfigMap"),
  metadata: Schema.Struct({ name: Schema.String }),
  data: Schema.Struct({ "config.yaml": Schema.String })
})
const Secret = Schema.Struct({
  kind: Schema.Literal("Secret"),
  metadata: Schema.Struct({ name: Schema.String }),
  stringData: Schema.Record(Schema.String, Schema.NonEmptyString)
})

const exact = { onExcessProperty: "error" } as const

const rendered = parseAllDocuments(execFileSync("kubectl", ["kustomize", "deploy/kubernetes"], { encoding: "utf8" }))
  .map((document): unknown => document.toJS())
const [configMap, deployment] = Schema.decodeUnknownSync(
  Schema.Tuple([ConfigMap, Deployment, DisruptionBudget]),
  exact
)(rendered)
const secret = Schema.decodeUnknownSync(Secret)(parse(readFileSync("deploy/kubernetes/secret.example.yaml", "utf8")))
const { spec } = deployment.spec.template
const [container] = spec.containers

describe("deploy/kubernetes", () => {
  it("renders to two bots, as the restricted profile wants it, that is given its time to stop", () => {
    // The shape above says it all; what is left is that the pieces fit each other.
    assert.strictEqual(spec.volumes[0].configMap.name, configMap.metadata.name)
    assert.match(configMap.metadata.name, /^llm-bot-[a-z0-9]{10}$/)
    assert.strictEqual(container.envFrom[0].secretRef.name, secret.metadata.name)
    assert.match(container.image, new RegExp(`/llm-bot:${manifest.version.replaceAll(".", "\\.")}$`))
    // Five attempts at NATS of 5 s each and the pauses between them.
    const { failureThreshold = 3, periodSeconds } = container.startupProbe
    assert.isAtLeast(failureThreshold * periodSeconds, 40)
  })

  it("its configuration has neither errors nor warnings with what the secret's example sets", () => {
    const text = configMap.data["config.yaml"]
    const parsed = parseSettings(text, secret.stringData)
    assert.strictEqual(parsed._tag, "Success", JSON.stringify(parsed))
    if (parsed._tag === "Failure") return
    const { settings: { health, nats }, warnings } = parsed.success
    // Two without it would both answer.
    assert.isTrue(nats.jetstream.enabled)
    assert.deepStrictEqual(warnings, [])
    assert.strictEqual(health.host, "0.0.0.0")
    assert.strictEqual(container.ports[0].containerPort, health.port)
    assert.strictEqual(deployment.spec.template.metadata.annotations["prometheus.io/port"], String(health.port))
    assert.sameMembers(Object.keys(secret.stringData), variablesIn(text).filter((name) => name !== "NAME"))
  })
})
