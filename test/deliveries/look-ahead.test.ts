import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { makeRing, wandbScheme } from '../bench/load/ring.ts'
import { openConnection } from '../bench/load/connection.ts'
import { startCountingGitHub } from '../bench/peers/github.ts'
import { startReceiverOver } from '../bench/peers/receiver-over.ts'
import { oneAutomation, receiverEnvironment } from '../bench/receiver.ts'

/** A receiver over SQLite, what its store was asked and what it answered, in that order, and the GitHub it sends to. */
async function startWatched() {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-look-ahead-'))
  const store = await openSqliteStore(folder)
  const github = await startCountingGitHub()
  const seen: string[] = []
  const watch = async <T>(name: string, answer: Promise<T>): Promise<T> => {
    seen.push(name)
    const value = await answer
    seen.push(`${name} is done`)
    return value
  }
  const watched: Store = {
    ...store,
    accept: (args) => watch('accept', store.accept(args)),
    advance: (args) => watch(args.finished.length > 0 ? 'result' : 'claim', store.advance(args)),
  }
  const config = oneAutomation('production', 0)
  const environment = receiverEnvironment({ folder, github_url: github.url, config })
  const receiver = await startReceiverOver(watched, { ...environment, PORT: '0', LOG_LEVEL: 'fatal' })
  onTestFinished(async () => {
    await receiver.stop(0)
    github.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { port: Number(new URL(receiver.url).port), github, seen }
}

it('asks SQLite for claims right behind an accept, and not once more when that is answered', async () => {
  const { port, github, seen } = await startWatched()
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = makeRing(wandbScheme('/webhooks/wandb'), {
    count: 2,
  })
  const ignore = () => undefined
  const connection = await openConnection(port, ignore, ignore)
  onTestFinished(() => connection.close())
  connection.send(first)
  await expect.poll(() => github.dispatches).toBe(1)
  await expect.poll(() => seen.at(-1)).toBe('result is done')
  seen.length = 0

  connection.send(second)
  await expect.poll(() => github.dispatches).toBe(2)
  await expect.poll(() => seen.at(-1)).toBe('result is done')
  expect(seen).toEqual(['accept', 'claim', 'accept is done', 'claim is done', 'result', 'result is done'])
})
