/** The addresses of one text: several stand behind each other with commas, as in the NATS_URL of NATS's own tools. */
const addressesOf = (text: string): ReadonlyArray<string> =>
  text.split(",").map((address) => address.trim()).filter((address) => address !== "")

/** Whether each address of a text is one of NATS; the scheme must stand before the first. */
export const isServerAddress = (text: string): boolean =>
  /^(nats|tls):\/\/[^\s/]+/.test(text) &&
  addressesOf(text).every((address) => /^((nats|tls):\/\/|(?!.*:\/\/))/.test(address))

/** Host and port of each address, without the user: what follows a sign of his password is no host. */
export const serverHosts = (text: string): ReadonlyArray<string> =>
  addressesOf(text).map((address) => address.replace(/^(nats|tls):\/\//, "").replace(/^.*@/s, ""))
