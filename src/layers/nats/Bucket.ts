import { type KV, Kvm, type KvOptions } from "@nats-io/kv"
import type { NatsConnection } from "@nats-io/transport-node"

/** A bucket of JetStream. */
export interface Bucket {
  readonly name: string
  readonly options: Partial<KvOptions>
}

/** Uses a bucket, which is opened when it is needed and again after a failure: its stream may have been deleted. */
export const makeBucket = ({ name, options }: Bucket, connection: NatsConnection) => {
  let opened: Promise<KV> | undefined
  return async <A>(use: (kv: KV) => Promise<A>): Promise<A> => {
    try {
      return await use(await (opened ??= new Kvm(connection).create(name, options)))
    } catch (cause) {
      opened = undefined
      throw cause
    }
  }
}
