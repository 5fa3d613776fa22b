import { debianBinary } from "./debianBinary.ts"

/** The path of a nats-server to test with; fetched where there is none. */
export const natsServerBinary = (): string => debianBinary("nats-server", "nats-server", "usr/sbin/nats-server")
