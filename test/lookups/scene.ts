import { expect, onTestFinished } from 'vitest'
import { SOON, startHouse, type House, type HouseOptions } from '../regressions/receiver.ts'
import { startWandb, WANDB_API_KEY, type StandInWandb, type StoredArtifact } from '../standins/wandb.ts'
import { request, type Answer } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

/** The id that the artifact version of `aliasBody` has. */
export const ARTIFACT_ID = 'QXJ0aWZhY3Q6NTE3ODg5ODg3'

/** `resnet50` v3, which is in production, with metadata and the run that made it. */
export const RESNET: StoredArtifact = {
  id: ARTIFACT_ID,
  version: 3,
  collections: { 'my-team/model-registry/resnet50': { version: 3, aliases: ['latest', 'production'] } },
  metadata: JSON.stringify({ eval: { slices: [{ name: 'night', accuracy: 0.93 }] }, loss: 0.5 }),
  tags: ['approved'],
  run: { name: '1a2b3c4d', displayName: 'bright-sun-42', state: 'finished' },
}

/** What a receiver needs to reach registries on loopback. */
export const OPEN = { OUTBOUND_ALLOW_HTTP: 'true', OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8', WANDB_API_KEY }

/** An event as the API shows it. */
export interface ShownEvent {
  id: string
  status: string
  event: {
    title: string
    model: Record<string, unknown>
    change: Record<string, unknown>
    run: Record<string, unknown> | null
    metadata: Record<string, unknown>
    extra: { lookup?: Record<string, unknown> }
  }
  deliveries: { id: string; status: string }[]
}

const STARTS = '{ type: repository_dispatch, repository: acme/serving }'

/** Returns a configuration with a W&B source that is looked up, whose automation wants what only a look-up tells. */
export const lookupConfig = (url: string, mode = 'optional', condition = 'true') => `version: 1
sources:
  wandb:
    type: wandb
    secrets: ['\${env:WANDB_WEBHOOK_SECRET}']
    lookup: { mode: ${mode}, api_key: '\${env:WANDB_API_KEY}', base_url: '${url}' }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    if: '${condition}'
    destinations: [${STARTS}]
`

/** A clock that can be moved. */
export function movable() {
  const clock = { ahead: 0, wall: () => Date.now() + clock.ahead, steady: () => Date.now() + clock.ahead }
  return clock
}

/** A receiver that looks events up in the W&B beside it. */
export interface LookupScene {
  house: House
  wandb: StandInWandb
  clock: ReturnType<typeof movable>
  /** Sends a new alias, and returns the answer. */
  send(parts?: Record<string, unknown>): Promise<Answer>
  event(answer: Answer): Promise<ShownEvent>
  /** Sends an event to today's automations again. */
  replay(id: string, query?: string): Promise<Answer>
}

/** Starts both; W&B knows `RESNET`. */
export async function startLookupScene(
  options: HouseOptions & {
    mode?: string
    condition?: string
    schema?: string
    /** The settings of the automation's destination, as YAML. */
    destination?: string
  } = {},
): Promise<LookupScene> {
  const { mode, condition, schema, destination = STARTS, ...rest } = options
  const wandb = await startWandb(schema === undefined ? {} : { schema })
  wandb.artifacts.set(RESNET.id, RESNET)
  const clock = movable()
  const house = await startHouse({
    config: lookupConfig(wandb.url, mode, condition).replace(STARTS, destination),
    clock,
    env: OPEN,
    ...rest,
  })
  onTestFinished(async () => {
    await house.close()
    await wandb.close()
  })
  return {
    house,
    wandb,
    clock,
    send: (parts) => sendWandb(house.url, aliasBody(parts)),
    async event({ body }) {
      return (await house.api(`/api/v1/events/${String(body['event_id'])}`)).body as unknown as ShownEvent
    },
    replay: (id, query = '') =>
      request(`${house.url}/api/v1/events/${id}/replay${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      }),
  }
}

/** Returns the event of an answer, once its look-up is over. */
export async function settled(scene: LookupScene, answer: Answer): Promise<ShownEvent> {
  await expect.poll(async () => (await scene.event(answer)).status, SOON).not.toBe('enriching')
  return scene.event(answer)
}
