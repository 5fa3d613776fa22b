import { debianBinary, suiteBinary } from "./debianBinary.ts"

const program = "usr/sbin/nats-server"

/** The path of a nats-server to test with; fetched where there is none. */
export const natsServerBinary = (): string => debianBinary("nats-server", "nats-server", program)

/** Every nats-server of Debian's suites, oldest first, those that cannot be fetched left out. */
export const natsServerBinaries = (): ReadonlyArray<readonly [suite: string, path: string]> => [
  ["bookworm", natsServerBinary()],
  ...["trixie", "sid"].flatMap((suite) => {
    const path = suiteBinary(suite, "nats-server", program)
    return path === undefined ? [] : [[suite, path] as const]
  })
]
