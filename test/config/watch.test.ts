import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ConfigProblem } from '../../receiver/config/config.ts'
import type { LoadedConfig } from '../../receiver/config/load.ts'
import { watchConfig } from '../../receiver/config/watch.ts'
import { loadToys } from './toys.ts'

const yaml = (names: string, secret = 'a-secret-of-the-toys') => `version: 1
sources: { toys: { type: toy, secrets: ["${secret}"] } }
automations: [${names
  .split(' ')
  .map((name) => `{ name: ${name}, events: ["*"], destinations: [{ type: toy_note }] }`)
  .join(', ')}]
`

/** What a load gives, once the names of its URLs are resolved. */
async function later<T>(load: () => T): Promise<T> {
  await Promise.resolve()
  return load()
}

describe('watching the configuration', () => {
  let directory: string
  let path: string
  let changes: string[]
  let refusals: (readonly ConfigProblem[])[]
  let secrets: string[]
  let clock: ReturnType<typeof createClock>

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watch-'))
    path = join(directory, 'model-dispatch.yaml')
    changes = []
    refusals = []
    secrets = []
    clock = createClock()
  })

  function watch(at = path) {
    return watchConfig({
      loaded: loadToys(at),
      load: (last_good) => later(() => loadToys(at, undefined, { last_good })),
      timers: clock,
      onChange: ({ config }: LoadedConfig) => {
        changes.push(config.automations.map(({ name }) => name).join(' '))
        secrets.push(...(config.sources.get('toys')?.credentials.secrets ?? []))
      },
      onRefused: (problems) => refusals.push(problems),
    })
  }

  it('takes a change over within two seconds and a moment', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, yaml('a b'))
    await clock.advance(1_900)
    expect(changes).toEqual([])
    await clock.advance(200)
    expect(changes).toEqual(['a b'])
    await clock.advance(10_000)
    expect(changes).toEqual(['a b'])
  })

  it('sees a change that came between loading and watching', async () => {
    writeFileSync(path, yaml('a'))
    const loaded = loadToys(path)
    writeFileSync(path, yaml('b'))
    const seen: string[] = []
    const onChange = ({ config }: LoadedConfig) => seen.push(config.automations[0]?.name ?? '')
    watchConfig({
      loaded,
      load: () => later(() => loadToys(path)),
      timers: clock,
      onChange,
      onRefused: () => undefined,
    })
    await clock.advance(2_200)
    expect(seen).toEqual(['b'])
  })

  it('refuses an invalid change once, and keeps what is in use', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, `${yaml('a')}typo: 1\n`)
    await clock.advance(10_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatchObject([{ line: 4, key: 'typo' }])
  })

  it('refuses again when it is wrong in another way, and takes it over when it is right', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, 'version: 2')
    await clock.advance(5_000)
    writeFileSync(path, 'version: 3\nmore: 1')
    await clock.advance(5_000)
    expect(refusals).toHaveLength(2)
    writeFileSync(path, yaml('b'))
    await clock.advance(5_000)
    expect(changes).toEqual(['b'])
  })

  it('says nothing when a mistake is undone', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, 'version: 2')
    await clock.advance(5_000)
    writeFileSync(path, yaml('a'))
    await clock.advance(5_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
  })

  it('sees the swapped symlink of a Kubernetes volume, though no file changes', async () => {
    for (const [version, names] of [
      ['..1', 'a'],
      ['..2', 'a b'],
    ] as const) {
      mkdirSync(join(directory, version))
      writeFileSync(join(directory, version, 'model-dispatch.yaml'), yaml(names))
    }
    symlinkSync('..1', join(directory, '..data'))
    symlinkSync(join('..data', 'model-dispatch.yaml'), path)
    watch()
    symlinkSync('..2', join(directory, '..data_tmp'))
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
    await clock.advance(2_200)
    expect(changes).toEqual(['a b'])
  })

  it('sees a new secret in a file that the configuration refers to', async () => {
    writeFileSync(join(directory, 'secret'), 'the-old-secret-of-it')
    writeFileSync(path, yaml('a', '${file:secret}'))
    watch()
    writeFileSync(join(directory, 'secret'), 'the-new-secret-of-it')
    await clock.advance(2_200)
    expect(secrets).toEqual(['the-new-secret-of-it'])
  })

  it('tells of a change that leaves the configuration the same: a secret of a destination is read by itself', async () => {
    writeFileSync(path, yaml('a'))
    let same = 0
    const loaded = loadToys(path)
    const load = () => later(() => loadToys(path))
    const nothing = () => undefined
    watchConfig({
      loaded,
      load,
      timers: clock,
      onChange: nothing,
      onRefused: nothing,
      onSame: () => (same += 1),
    })
    writeFileSync(path, `${yaml('a')}# a comment`)
    await clock.advance(10_000)
    expect(same).toBe(1)
  })

  it('picks up a secret file that was missing when the change came', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, yaml('a', '${file:secret}'))
    await clock.advance(5_000)
    expect(refusals).toHaveLength(1)
    writeFileSync(join(directory, 'secret'), 'a secret that is here now')
    await clock.advance(2_200)
    expect(secrets).toEqual(['a secret that is here now'])
  })

  it('does not mind a file that vanishes for a moment', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    rmSync(path)
    await clock.advance(2_050)
    writeFileSync(path, yaml('a b'))
    await clock.advance(300)
    expect(refusals).toEqual([])
    expect(changes).toEqual(['a b'])
  })

  it('refuses a file that stays away', async () => {
    writeFileSync(path, yaml('a'))
    watch()
    rmSync(path)
    await clock.advance(5_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
  })

  it('sees a new file of a directory, and tells of a faulty one while the others are used', async () => {
    writeFileSync(path, yaml('a'))
    watch(directory)
    const automation = '{ name: b, events: ["*"], destinations: [{ type: toy_note }] }'
    writeFileSync(join(directory, 'team.yaml'), `version: 1\nautomations: [${automation}]`)
    await clock.advance(2_200)
    expect(changes).toEqual(['a b'])
    writeFileSync(join(directory, 'team.yaml'), 'version: 1\nautomation: []')
    writeFileSync(path, yaml('c'))
    await clock.advance(2_200)
    expect(changes).toEqual(['a b', 'c b'])
    expect(refusals).toHaveLength(1)
  })

  it('ends when it is stopped', async () => {
    writeFileSync(path, yaml('a'))
    watch().stop()
    writeFileSync(path, yaml('b'))
    await clock.advance(10_000)
    expect(changes).toEqual([])
  })

  it('puts nothing into force when it is stopped while a change is being read', async () => {
    writeFileSync(path, yaml('a'))
    const loaded = loadToys(path)
    const loading = Promise.withResolvers<LoadedConfig>()
    const seen: string[] = []
    const onChange = ({ config }: LoadedConfig) => seen.push(config.automations[0]?.name ?? '')
    const load = () => loading.promise
    const watching = watchConfig({ loaded, load, timers: clock, onChange, onRefused: () => undefined })
    writeFileSync(path, yaml('b'))
    await clock.advance(2_200)
    watching.stop()
    loading.resolve(loadToys(path))
    await clock.advance(10_000)
    expect(seen).toEqual([])
  })
})

/** Timers that run when the test says so. */
function createClock() {
  let now = 0
  let waiting: { at: number; run: () => void }[] = []
  return {
    setTimeout(run: () => void, ms: number) {
      const timer = { at: now + ms, run }
      waiting.push(timer)
      return timer
    },
    clearTimeout(timer: unknown) {
      waiting = waiting.filter((other) => other !== timer)
    },
    async advance(ms: number) {
      const end = now + ms
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        waiting = waiting.filter((other) => other !== next)
        now = next.at
        next.run()
        // What it began ends before the next timer runs.
        await setImmediate()
      }
      now = end
    },
  }
}
