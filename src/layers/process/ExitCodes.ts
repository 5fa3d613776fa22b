/** The exit codes of F10. */
export const exitCodes = { clean: 0, usage: 1, nats: 2, runtime: 3 } as const
