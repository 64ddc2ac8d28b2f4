import { readFileSync } from 'node:fs'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../children.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { openConnection, type Connection } from '../load/connection.ts'
import { promotion, SECRET } from '../load/ring.ts'
import { startCountingGitHub, type CountingGitHub } from '../peers/github.ts'
import { countRows, LANES, manyLanes, nameInLane, startReceiver } from '../receiver.ts'

const FIRST = 10_000
const CONNECTIONS = 16
/** Accepted and not yet dispatched, at most: the backlog is not what is measured here. */
const AHEAD = 2_000
const LOOK_EVERY_MS = 5
const REPORT_EVERY_MS = 30_000
const GC_SCRIPT = join(import.meta.dirname, '..', 'gc-on-signal.mjs')

/** What the receiver keeps in memory after many events. */
export const memory: Line = {
  name: 'memory',
  about: 'memory after 1,000,000 events with delivery and retention, against after 10,000',
  long: true,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const folder = join(bench.folder, 'memory')
  const server = await startReceiver({
    folder,
    github_url: github.url,
    config: `retention: { succeeded: 60s, failed: 60s }\n${manyLanes()}`,
    node: ['--expose-gc', `--import=${GC_SCRIPT}`],
  })
  const began = Date.now()
  const send = sender(server.port, github)
  await send(FIRST)
  const after_first = await residentMemory(server)
  bench.say(`  after ${FIRST} events: ${mb(after_first)}`)
  const progress = setInterval(() => bench.say(`  ${github.dispatches} dispatched`), REPORT_EVERY_MS)
  await send(bench.events)
  clearInterval(progress)
  const after_all = await residentMemory(server)
  const minutes = (Date.now() - began) / 60_000
  const { events } = countRows(folder)
  await server.stop()
  github.close()
  const count = (n: number) => n.toLocaleString('en')
  return {
    rows: [
      row(
        {
          what: `memory after ${count(bench.events)} events, against after ${count(FIRST)}`,
          ours: mb(after_all),
          other: mb(after_first),
        },
        after_all / after_first,
        { at_most: 1.2 },
      ),
    ],
    notes: [
      `Memory: resident set after a full garbage collection in both threads, one run of ${minutes.toFixed(0)} minutes. Every event was delivered over ${LANES} lanes without a pace; retention deletes what succeeded 60 s ago, every 10 minutes: ${count(events)} events were left in the store at the end.`,
    ],
  }
}

/** Gives a function that sends further events until so many have been dispatched in all. */
function sender(port: number, github: CountingGitHub): (until: number) => Promise<void> {
  let sent = 0
  return (until) =>
    new Promise((resolve, reject) => {
      const connections: Connection[] = []
      const idle: Connection[] = []
      const next = () => {
        while (sent < until && sent - github.dispatches < AHEAD) {
          const connection = idle.pop()
          if (connection === undefined) return
          connection.send(signedRequest(sent++))
        }
        if (github.dispatches < until) return
        clearInterval(timer)
        for (const connection of connections) connection.close()
        resolve()
      }
      const onAnswer = (connection: Connection, status: number) => {
        if (status !== 202) reject(new Error(`The receiver answered ${status}.`))
        idle.push(connection)
        next()
      }
      const open = () => {
        let opened: Connection | null = null
        const onEnd = () => {
          // The receiver closes a connection that is idle for long, as all are while the last deliveries are under way.
          const at = opened === null ? -1 : idle.indexOf(opened)
          if (at < 0) {
            reject(new Error('The receiver broke a connection.'))
            return
          }
          idle.splice(at, 1)
          open()
        }
        openConnection(port, onAnswer, onEnd).then((connection) => {
          opened = connection
          connections.push(connection)
          idle.push(connection)
        }, reject)
      }
      const timer = setInterval(next, LOOK_EVERY_MS)
      for (let n = 0; n < CONNECTIONS; n++) open()
    })
}

function signedRequest(n: number): Buffer {
  const body = Buffer.from(JSON.stringify(promotion(nameInLane(n, n))))
  const signature = createHmac('sha256', SECRET).update(body).digest('base64')
  const head = `POST /webhooks/wandb HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Wandb-Signature: ${signature}\r\nContent-Length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** Bytes of the resident set once garbage is gone. */
async function residentMemory(server: ServerProcess): Promise<number> {
  for (let n = 0; n < 3; n++) {
    server.signal('SIGUSR2')
    await sleep(2_000)
  }
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]
  if (pages === undefined) throw new Error('The receiver has ended.')
  return Number(pages) * 1_024
}

const mb = (bytes: number) => `${(bytes / 1_000_000).toFixed(0)} MB`
