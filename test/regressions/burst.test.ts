import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Answer } from '../support/http.ts'
import type { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { sendMany } from './send-many.ts'

describe('a burst of ten thousand events that cannot be delivered', () => {
  const MIB = 2 ** 20
  const pad = 'x'.repeat(4_000)
  const burst = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) =>
      aliasBody({ artifact_collection_name: `model-${from + n}`, pad }),
    )

  // Seen in adnanh/webhook #167.
  it('does not pile up in memory: it waits on disk, and past limits.backlog it is 503', async () => {
    const config = `${DEPLOY_CONFIG}limits: { backlog: 10000 }\n`
    const scene = await startScene({
      config,
      env: { NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=4' },
    })
    onTestFinished(() => scene.close())
    const { receiver, github } = scene
    github.failAlways({ kind: 'hang' })
    expect(await sendMany(receiver.url, burst(0, 1_000))).toEqual({ 202: 1_000 })
    // Growth to come: SQLite's page cache of 64 MiB. The events themselves, were they kept, would take twice that.
    const before = memoryOf(receiver.pid)
    expect(await sendMany(receiver.url, burst(1_000, 10_000))).toEqual({ 202: 9_000 })
    const grown = memoryOf(receiver.pid) - before
    expect(grown).toBeLessThan(100 * MIB)
    const refused = await firstRefused(receiver)
    expect(refused.answer.status).toBe(503)
    expect(refused.answer.headers['retry-after']).toBe('30')
    expect(refused.answer.body).toMatchObject({ status: 'unavailable', error: 'backlog' })
    // The limit is counted now and then: a few more may pass, not many.
    expect(refused.accepted).toBeLessThan(500)
    await receiver.kill9()
    const store = await openSqliteStore(receiver.data_dir)
    expect(await store.backlog({ most: 20_000 })).toBe(10_000 + refused.accepted)
    await store.close()
  }, 120_000)
})

/** Sends one event after the other until one is not accepted; gives that answer, and how many were before. */
async function firstRefused({ url }: ReceiverProcess): Promise<{ answer: Answer; accepted: number }> {
  for (let accepted = 0; ; accepted++) {
    const answer = await sendWandb(url, aliasBody({ accepted }))
    if (answer.status !== 202 || accepted >= 1_000) return { answer, accepted }
  }
}

/** What a process holds in memory now, in bytes. */
function memoryOf(pid: number): number {
  const file = `/proc/${pid}/status`
  if (existsSync(file)) return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]) * 1_024
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024
}
