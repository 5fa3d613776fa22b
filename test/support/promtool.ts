import { debianBinary } from "./debianBinary.ts"

/** The path of Prometheus's promtool; fetched where there is none. */
export const promtool = (): string => debianBinary("promtool", "prometheus", "usr/bin/promtool")
