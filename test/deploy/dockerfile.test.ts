import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { validate } from "dockerfile-utils"
import manifest from "../../package.json" with { type: "json" }

const dockerfile = readFileSync("Dockerfile", "utf8")

describe("the Dockerfile", () => {
  it("has nothing to object to", () => {
    assert.deepStrictEqual(validate(dockerfile), [])
    // It would object: the check looks at what it should.
    assert.isNotEmpty(validate(dockerfile.replace("STOPSIGNAL SIGTERM", "STOPSIGNAL NEVER\nMAINTAINER me")))
  })

  it("copies all the package has, and .dockerignore lets in what it copies and no more", () => {
    for (const path of manifest.files) assert.include(dockerfile, path.replace(/\/$/, ""))
    const allowed = [...readFileSync(".dockerignore", "utf8").matchAll(/^!(.*)$/gm)].map(([, path = ""]) => path)
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths = ""]) => paths.split(" "))
    for (const path of copied) {
      assert.isTrue(
        allowed.some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`)),
        path
      )
    }
    for (const path of allowed) assert.isTrue(copied.some((one) => path === one || path.startsWith(`${one}/`)), path)
    assert.match(readFileSync(".dockerignore", "utf8"), /^\*$/m)
  })
})
