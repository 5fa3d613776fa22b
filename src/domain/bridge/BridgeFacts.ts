/** Subjects that NATS refuses to this user now. */
export interface RefusedSubjects {
  readonly publish: ReadonlySet<string>
  readonly subscribe: ReadonlySet<string>
}
