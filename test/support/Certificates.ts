import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { debianBinary } from "./debianBinary.ts"
import { emptyFolder } from "./Program.ts"

const openssl = (folder: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(debianBinary("openssl", "openssl", "usr/bin/openssl"), args, { cwd: folder, stdio: "pipe" })
}

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

/** A certificate of an authority's, for our own address. */
const signed = (folder: string, name: string, authority: string): void => {
  openssl(folder, "req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`)
  const request = ["-in", `${name}.csr`, "-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"]
  openssl(folder, "x509", "-req", ...request, "-out", `${name}.pem`, "-days", "2", "-extfile", "names")
}

/** A folder with two authorities, `ca` and `other`, and certificates of the first: `server` and `client`. */
export const certificates = Effect.map(emptyFolder, (folder) => {
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1,DNS:localhost")
  for (const name of ["ca", "other"]) {
    openssl(
      folder,
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`
    )
  }
  for (const name of ["server", "client"]) signed(folder, name, "ca")
  return folder
})
