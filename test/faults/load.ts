import { createRandom } from '../scale/random.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import type { Sent } from '../support/verdict.ts'

export interface LoadOptions {
  /** The receivers that may be asked now. */
  urls: () => readonly string[]
  models: number
  /** Requests at a time. */
  at_once: number
  /** Requests a second, over all; default: as fast as they are answered. */
  per_second?: number
  /** Ends by itself after so many; default: when it is stopped. */
  most?: number
  /** More fields of the webhook about a version of a model. */
  parts?: (model: string, version: number) => Readonly<Record<string, unknown>>
}

/** Between two tries where nobody listens, ms. */
const NOBODY_MS = 25

/** A registry that moves the alias `production` of every model from version to version. */
export interface Load {
  readonly sent: readonly Sent[]
  /** How long each answer took, ms; also a broken connection is one. */
  times(): readonly number[]
  /** Ends it; resolves when every request has been answered or has failed. */
  stop(): Promise<void>
  /** Resolves when `most` have been sent. */
  finished: Promise<void>
}

/** Starts it. Each model's versions are sent one after the other, so that their order is known. */
export function startLoad(options: LoadOptions): Load {
  const { urls, models, at_once, per_second = Infinity, most = Infinity, parts = () => ({}) } = options
  const random = createRandom(1)
  const sent: Sent[] = []
  const times: number[] = []
  const versions = new Map<string, number>()
  let stopped = false
  let begun = 0
  const began = performance.now()

  async function sender(own: readonly string[]): Promise<void> {
    for (let turn = 0; !stopped && begun < most; turn++) {
      const due = began + (begun++ / per_second) * 1_000
      await sleep(due - performance.now())
      const all = urls()
      const model = own[turn % own.length] ?? ''
      const version = (versions.get(model) ?? 0) + 1
      versions.set(model, version)
      const url = all[random.below(all.length)]
      const asked = performance.now()
      const what = { model, version }
      sent.push(url === undefined ? refused(what) : await sendOne(url, what, parts(model, version)))
      if (url !== undefined) times.push(performance.now() - asked)
      if (sent.at(-1)?.outcome === 'refused') await sleep(NOBODY_MS)
    }
  }
  const names = Array.from({ length: models }, (_, n) => `model-${n}`)
  const finished = Promise.all(
    Array.from({ length: at_once }, (_, i) => sender(names.filter((_, n) => n % at_once === i))),
  ).then(() => undefined)
  return {
    sent,
    times: () => times,
    finished,
    async stop() {
      stopped = true
      await finished
    },
  }
}

interface Change {
  model: string
  version: number
}

const refused = (change: Change): Sent => ({
  ...change,
  outcome: 'refused',
  event_id: null,
})

async function sendOne(url: string, change: Change, parts: object): Promise<Sent> {
  const { model, version } = change
  const body = aliasBody({
    artifact_collection_name: model,
    artifact_version_index: String(version),
    ...parts,
  })
  try {
    const { status, body: answer, text } = await sendWandb(url, body)
    if (status === 503) return refused(change)
    const event_id = String(answer['event_id'])
    if (status === 202) return { ...change, outcome: 'accepted', event_id }
    if (status === 200) return { ...change, outcome: 'duplicate', event_id }
    throw new Error(`The receiver answered ${status} to ${model} v${version}: ${text}`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return code === 'ECONNREFUSED' ? refused(change) : { ...change, outcome: 'unknown', event_id: null }
  }
}

const sleep = (ms: number) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve())
