import type { StandInWandb } from '../standins/wandb.ts'
import { aliasBody } from '../support/send.ts'
import { lookupConfig } from './scene.ts'

/** How many events of how many models are sent. Event `n` is about the model `n` modulo `models`. */
export interface Load {
  events: number
  models: number
}

/** The parts of a dispatch that tell which event it is, and what the registry said about it. */
export interface Arrived {
  model: { name: string }
  extra: { n: number }
  metadata: { n?: number }
}

/** Returns the configuration of a receiver that looks up every event, and dispatches every one. */
export const badRegistryConfig = (url: string) =>
  lookupConfig(url).replace('destinations:', 'supersede: never\n    destinations:')

/** Returns the webhook about event `n`. */
export function bodyOf(n: number, { models }: Load): Record<string, unknown> {
  return aliasBody({
    artifact_version: `wandb-artifact://_id/${idOf(n)}`,
    artifact_collection_name: `model-${n % models}`,
    n,
  })
}

/** Lets a W&B know the version of every event. */
export function fillRegistry({ artifacts }: StandInWandb, { events, models }: Load): void {
  for (let n = 0; n < events; n++) {
    const path = `my-team/model-registry/model-${n % models}`
    const collections = { [path]: { version: n, aliases: ['production'] } }
    artifacts.set(idOf(n), { id: idOf(n), version: n, collections, metadata: JSON.stringify({ n }) })
  }
}

const idOf = (n: number) => Buffer.from(`Artifact:${n}`).toString('base64')

/** Lets a W&B hang, fail, and lie; it says the truth to six questions of ten. */
export function misbehave(wandb: StandInWandb): void {
  let asked = 0
  wandb.misbehave((_, response) => {
    asked += 1
    switch (asked % 20) {
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

/** Returns the numbers of the events of each model, in the order in which they arrived. */
export function byModel(arrived: readonly Arrived[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  for (const { model, extra } of arrived)
    numbers.set(model.name, [...(numbers.get(model.name) ?? []), extra.n])
  return numbers
}

/** Returns how many events were matched with the registry's answer. Throws where a lie was believed. */
export function lookedUp(arrived: readonly Arrived[]): number {
  const told = arrived.filter(({ metadata }) => metadata.n !== undefined)
  if (told.some(({ metadata, extra }) => metadata.n !== extra.n)) throw new Error('a lie was believed')
  return told.length
}
