import type { ConnectContext, DestinationType, Sender } from './destination.ts'
import { databricksJob } from './databricks-job.ts'
import { repositoryDispatch } from './repository-dispatch.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'
import { wandbLaunch } from './wandb-launch.ts'
import { webhook } from './webhook.ts'
import { workflowDispatch } from './workflow-dispatch.ts'

/** Every kind of destination, by the `type` that a configuration names. A new one is one file and one line here. */
export const DESTINATION_TYPES: ReadonlyMap<string, DestinationType> = byType([
  repositoryDispatch,
  workflowDispatch,
  webhook,
  slack,
  teams,
  databricksJob,
  wandbLaunch,
])

/** Makes every kind of destination ready to send with this context, by type. */
export function createSenders(
  types: ReadonlyMap<string, DestinationType>,
  context: ConnectContext,
): ReadonlyMap<string, Sender> {
  return new Map([...types].map(([name, type]) => [name, type.connect(context)]))
}

function byType(types: readonly DestinationType[]): ReadonlyMap<string, DestinationType> {
  return new Map(types.map((type) => [type.type, type]))
}
