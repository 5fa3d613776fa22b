/** What a stream's description tells of the deployment that it belongs to. */
export interface Deployment {
  readonly bot: string
  readonly partitions: number
  /** What the replicas of one deployment should have in common; on the stream of events alone. */
  readonly settings?: string
}

/** The description of a deployment's stream. */
export const deploymentText = ({ bot, partitions, settings }: Deployment): string =>
  `llm-bot: ${bot}, ${partitions} partitions${settings === undefined ? "" : `, settings ${settings}`}`

/** Reads a description; nothing where it is no stream of this program. */
export const readDeployment = (description: string | undefined): Deployment | undefined => {
  const [, bot, partitions, settings] =
    /^llm-bot: (.+), (\d+) partitions(?:, settings ([0-9a-f]+))?$/.exec(description ?? "") ?? []
  return bot === undefined
    ? undefined
    : { bot, partitions: Number(partitions), ...(settings === undefined ? {} : { settings }) }
}
