import { debianBinary } from "./debianBinary.ts"

/** The path of a nats-server to test with; fetched where there is none. */
export const natsServerBinary = (): string => {
  const found = debianBinary("nats-server", "nats-server", "usr/sbin/nats-server")
  if (found !== undefined) return found
  throw new Error("the tests need nats-server: install it (Debian: apt-get install nats-server) and put it on the PATH")
}
