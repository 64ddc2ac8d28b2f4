import { join } from 'node:path'
import type { Store } from '../../../receiver/store/store.ts'
import { openConnection, type Connection } from '../load/connection.ts'
import { makeRing, wandbScheme } from '../load/ring.ts'
import { CONNECTIONS } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { emptyStore, startReceiverOver } from '../peers/receiver-over.ts'
import { oneAutomation, receiverEnvironment } from '../receiver.ts'

type EventsOfAccept = Parameters<Store['accept']>[0]['events']

/** What ingest hands to the store: events with a delivery each, every one about another model. */
export interface Captured {
  events: EventsOfAccept
  /** What a start saves of the automations: the deliveries are made under these. */
  revisions: Parameters<Store['saveRevisions']>[0]['revisions']
}

/** Takes what the receiver hands to its store for so many webhooks, by running it over a store that only listens. */
export async function captureEvents(folder: string, count: number): Promise<Captured> {
  const events: EventsOfAccept[number][] = []
  const revisions: Captured['revisions'][number][] = []
  const empty = emptyStore()
  const github = await startCountingGitHub()
  const receiver = await startReceiverOver(
    emptyStore({
      accept(args) {
        events.push(...args.events)
        return empty.accept(args)
      },
      saveRevisions(args) {
        revisions.push(...args.revisions)
        return empty.saveRevisions(args)
      },
    }),
    {
      ...receiverEnvironment({
        folder: join(folder, 'captured'),
        github_url: github.url,
        config: oneAutomation('production', 0),
      }),
      PORT: '0',
      LOG_LEVEL: 'fatal',
    },
  )
  await sendAll(Number(new URL(receiver.url).port), makeRing(wandbScheme('/webhooks/wandb'), { count }))
  await receiver.stop(0)
  github.close()
  if (events.length !== count) throw new Error(`${count} webhooks made ${events.length} events.`)
  return { events, revisions }
}

async function sendAll(port: number, requests: readonly Buffer[]): Promise<void> {
  let sent = 0
  let answered = 0
  const connections: Connection[] = []
  await new Promise<void>((resolve, reject) => {
    const next = (connection: Connection) => {
      const request = requests[sent++]
      if (request !== undefined) connection.send(request)
    }
    const onAnswer = (connection: Connection, status: number) => {
      if (status !== 202) reject(new Error(`The receiver answered ${status}.`))
      answered += 1
      next(connection)
      if (answered === requests.length) resolve()
    }
    for (let n = 0; n < CONNECTIONS; n++) {
      openConnection(port, onAnswer, () => reject(new Error('The receiver broke a connection.'))).then(
        (connection) => {
          connections.push(connection)
          next(connection)
        },
        reject,
      )
    }
  })
  for (const connection of connections) connection.close()
}
