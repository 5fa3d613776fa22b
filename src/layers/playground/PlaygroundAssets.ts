import { Effect, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { packageFile, pageLibrary } from "../process/Package.ts"

/** The content security policy: own scripts and styles only, no framing, no requests elsewhere. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const types = { css: "text/css", html: "text/html", js: "text/javascript" } as const

const asset = (text: string, type: keyof typeof types) =>
  HttpServerResponse.text(text, {
    contentType: `${types[type]}; charset=utf-8`,
    // A cached page must not outlive an update.
    headers: { "cache-control": "no-cache", "content-security-policy": policy, "x-content-type-options": "nosniff" }
  })

const missing = HttpServerResponse.jsonUnsafe({ error: "there is no such file; begin at /" }, { status: 404 })

/** Files of the page: a plain name and a known ending, so that nothing outside its folder can be named. */
const typeOf = (name: string): Option.Option<"css" | "js"> =>
  Option.fromNullishOr(/^[A-Za-z][\w-]*\.(?<type>css|js)$/.exec(name)?.groups?.["type"]).pipe(
    Option.filter((type) => type === "css" || type === "js")
  )

const pageFile = Effect.map(HttpRouter.params, ({ file = "" }) =>
  typeOf(file).pipe(
    Option.flatMap((type) =>
      Option.map(Option.liftThrowable(packageFile)(`playground/${file}`), (text) => asset(text, type))
    ),
    Option.getOrElse(() => missing)
  ))

/** The page, what it is made of, and the library it uses. */
export const assets = HttpRouter.use(Effect.fnUntraced(function*(router) {
  yield* router.add("GET", "/", Effect.sync(() => asset(packageFile("playground/index.html"), "html")))
  yield* router.add("GET", "/page/:file", pageFile)
  yield* router.add(
    "GET",
    "/vendor/htm-preact.js",
    Effect.sync(() => asset(pageLibrary(), "js"))
  )
}))
