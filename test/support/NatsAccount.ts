import { nkeys } from "@nats-io/transport-node"

const utf8 = new TextEncoder()
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url")

/** A claim about `subject`, signed as NATS wants it. */
const claim = (issuer: nkeys.KeyPair, subject: nkeys.KeyPair, name: string, nats: object): string => {
  const iat = Math.floor(Date.now() / 1000)
  const body = {
    jti: name,
    iat,
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats: { ...nats, version: 2 }
  }
  const [head, claims] = [{ typ: "JWT", alg: "ed25519-nkey" }, body].map((part) =>
    base64url(utf8.encode(JSON.stringify(part)))
  )
  const signed = `${head}.${claims}`
  return `${signed}.${base64url(issuer.sign(utf8.encode(signed)))}`
}

const unlimited = { subs: -1, data: -1, payload: -1 }
const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }

/** The lines of a credentials file, as `nsc` writes them. */
const credentials = (jwt: string, user: nkeys.KeyPair): string =>
  [
    `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------`,
    `-----BEGIN USER NKEY SEED-----\n${new TextDecoder().decode(user.getSeed())}\n------END USER NKEY SEED------\n`
  ].join("\n\n")

/** What a server with an operator and one account is configured with, and credentials it takes and does not take. */
export const natsAccount = () => {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const accountJwt = claim(operator, account, "account", { type: "account", limits })
  const userJwt = (issuer: nkeys.KeyPair) =>
    claim(issuer, user, "llm-bot", { type: "user", pub: {}, sub: {}, ...unlimited })
  return {
    config: [
      `operator: ${claim(operator, operator, "operator", { type: "operator" })}`,
      "resolver: MEMORY",
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`
    ].join("\n"),
    right: credentials(userJwt(account), user),
    wrong: credentials(userJwt(nkeys.createAccount()), user)
  }
}
