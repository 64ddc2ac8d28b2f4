import { startHouse, type House } from '../regressions/receiver.ts'
import { startWandb, type StandInWandb } from '../standins/wandb.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { lookupConfig, movable, OPEN } from './scene.ts'

/** How many events of how many models are sent. */
export interface Load {
  events: number
  models: number
}

/** What was seen of a load. */
export interface Seen {
  /** How long each 202 took, in ms, sorted. */
  waits: number[]
  /** How many events ended in each status. */
  statuses: Record<string, number>
  /** How many were matched with the registry's answer. */
  looked_up: number
  /** Of each model: the numbers of its events in the order in which they arrived at GitHub. */
  arrived: Map<string, number[]>
}

const SENDERS = 32

/** A W&B that hangs, fails, and lies; it says the truth to six questions of ten. */
function misbehave(wandb: StandInWandb): void {
  let n = 0
  wandb.misbehave((_, response) => {
    n += 1
    switch (n % 20) {
      case 3:
        return true // hangs
      case 5:
        response.socket?.destroy()
        return true
      case 7:
      case 8:
        response.writeHead(503, { 'retry-after': '1' }).end('busy')
        return true
      case 11:
        response.writeHead(429).end()
        return true
      case 13:
        response.end('{"data":{"artifact":{"id":"of-somebody-else","metadata":"{\\"n\\":-1}"}}}')
        return true
      case 17:
        response.end('<html>')
        return true
      case 19:
        response.end('{"data":{"artifact":null}}')
        return true
      default:
        return false
    }
  })
}

/** Starts a receiver, with look-ups in a bad registry or without any, sends the load, and looks at what comes of it. */
export async function sendLoad(
  { events, models }: Load,
  looked_up: boolean,
  settle: (house: House, clock: ReturnType<typeof movable>) => Promise<void>,
): Promise<Seen> {
  const wandb = await startWandb()
  const config = lookupConfig(wandb.url).replace('destinations:', 'supersede: never\n    destinations:')
  const clock = movable()
  const house = await startHouse({
    config: looked_up ? config : config.replace(/^ {4}lookup:.*\n/m, ''),
    clock,
    env: OPEN,
  })
  try {
    misbehave(wandb)
    for (let n = 0; n < events; n++) wandb.artifacts.set(idOf(n), artifactOf(n, models))
    const waits = await sendAll(house, { events, models })
    await settle(house, clock)
    return { waits, ...(await ends(house)), arrived: arrivals(house) }
  } finally {
    await house.close()
    await wandb.close()
  }
}

const idOf = (n: number) => Buffer.from(`Artifact:${n}`).toString('base64')

function artifactOf(n: number, models: number) {
  const collections = {
    [`my-team/model-registry/model-${n % models}`]: { version: n, aliases: ['production'] },
  }
  return { id: idOf(n), version: n, collections, metadata: JSON.stringify({ n }) }
}

async function sendAll(house: House, { events, models }: Load): Promise<number[]> {
  const waits: number[] = []
  // The events of one model are sent one after the other: the order is promised where a 202 came before.
  const sender = async (first: number) => {
    for (let model = first; model < models; model += SENDERS) {
      for (let n = model; n < events; n += models) {
        const body = aliasBody({
          artifact_version: `wandb-artifact://_id/${idOf(n)}`,
          artifact_collection_name: `model-${model}`,
          n,
        })
        const began = performance.now()
        const { status } = await sendWandb(house.url, body)
        if (status !== 202) throw new Error(`answered ${status}`)
        waits.push(performance.now() - began)
      }
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, (_, first) => sender(first)))
  return waits.sort((a, b) => a - b)
}

async function ends({ store }: House): Promise<Pick<Seen, 'statuses' | 'looked_up'>> {
  const statuses: Record<string, number> = {}
  let looked_up = 0
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await store.listEvents({ limit: 200, ...(cursor === '' ? {} : { cursor }) })
    for (const { status, event } of page.items) {
      statuses[status] = (statuses[status] ?? 0) + 1
      const { metadata, extra } = JSON.parse(event) as { metadata: { n?: number }; extra: { n: number } }
      if (metadata.n !== undefined && metadata.n !== extra.n) throw new Error('a lie was believed')
      if (metadata.n === extra.n) looked_up += 1
    }
    cursor = page.next_cursor
  }
  return { statuses, looked_up }
}

function arrivals({ github }: House): Map<string, number[]> {
  const arrived = new Map<string, number[]>()
  for (const { client_payload } of github.dispatches) {
    const { model_event } = client_payload as unknown as {
      model_event: { model: { name: string }; extra: { n: number } }
    }
    const { name } = model_event.model
    arrived.set(name, [...(arrived.get(name) ?? []), model_event.extra.n])
  }
  return arrived
}

/** Resolves when no event waits for a look-up and everything has arrived. */
export async function untilDone({ store, github }: House, events: number, limit_ms: number): Promise<void> {
  const until = performance.now() + limit_ms
  for (;;) {
    const { items } = await store.listEvents({ status: 'enriching', limit: 1 })
    if (items.length === 0 && github.dispatches.length >= events) return
    if (performance.now() > until)
      throw new Error(`only ${github.dispatches.length} of ${events} have arrived`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
