/**
 * Loads a server with the requests of a ring and prints one line of JSON. Started by load/run.ts in a process of its
 * own. Without a rate each connection sends its next request when the last one is answered, for some seconds or until so
 * many are answered. With a rate requests are due at fixed times, whatever the server does, and a latency counts from the
 * time that the request was due.
 */
import { readFileSync } from 'node:fs'
import { quantile } from '../statistics.ts'
import { openConnection, type Connection } from './connection.ts'
import type { Load, LoadResult } from './run.ts'
import { readRing } from './ring.ts'

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const ring = readRing(readFileSync(load.ring))
const result: LoadResult = { answered: 0, seconds: load.seconds, refused: 0, broken: 0, p50: null, p99: null }

if (load.requests !== null) await burst(load.requests)
else if (load.rate !== null) await openLoop(load.rate)
else await closedLoop()
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)

async function burst(requests: number): Promise<void> {
  let sent = 0
  let began = 0
  await new Promise<void>((resolve, reject) => {
    const next = (connection: Connection) => {
      if (sent < requests) connection.send(ring[sent++ % ring.length] ?? Buffer.alloc(0))
    }
    const onAnswer = (connection: Connection, status: number) => {
      count(status)
      next(connection)
      if (result.answered === requests || result.broken > 0) resolve()
    }
    open(onAnswer).then((connections) => {
      began = performance.now()
      for (const connection of connections) next(connection)
    }, reject)
  })
  result.seconds = (performance.now() - began) / 1_000
}

async function closedLoop(): Promise<void> {
  let sent = 0
  let running = true
  const next = (connection: Connection) => connection.send(ring[sent++ % ring.length] ?? Buffer.alloc(0))
  const connections = await open((connection, status) => {
    if (!running) return
    count(status)
    next(connection)
  })
  const began = performance.now()
  for (const connection of connections) next(connection)
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1_000))
  running = false
  result.seconds = (performance.now() - began) / 1_000
}

async function openLoop(rate: number): Promise<void> {
  const total = Math.round(rate * load.seconds)
  const latencies = new Float64Array(total)
  const idle: Connection[] = []
  const dueOf = new Map<Connection, number>()
  let started = 0
  let answered = 0
  let began = 0
  const dueAt = (n: number) => began + (n * 1_000) / rate
  const sendDue = () => {
    for (const now = performance.now(); started < total && dueAt(started) <= now; started++) {
      const connection = idle.pop()
      if (connection === undefined) return
      dueOf.set(connection, dueAt(started))
      connection.send(ring[started % ring.length] ?? Buffer.alloc(0))
    }
  }
  await new Promise<void>((resolve, reject) => {
    const onAnswer = (connection: Connection, status: number) => {
      latencies[answered++] = performance.now() - (dueOf.get(connection) ?? NaN)
      count(status)
      idle.push(connection)
      sendDue()
      if (answered === total) resolve()
    }
    open(onAnswer).then((connections) => {
      idle.push(...connections)
      began = performance.now()
      const tick = () => {
        sendDue()
        if (started < total) setTimeout(tick, 1)
      }
      tick()
    }, reject)
  })
  result.seconds = (performance.now() - began) / 1_000
  result.p50 = quantile(latencies, 0.5)
  result.p99 = quantile(latencies, 0.99)
}

function open(onAnswer: (connection: Connection, status: number) => void): Promise<Connection[]> {
  const each = () =>
    openConnection(load.port, onAnswer, () => {
      result.broken += 1
    })
  return Promise.all(Array.from({ length: load.connections }, each))
}

function count(status: number): void {
  result.answered += 1
  if (status >= 300) result.refused += 1
}
