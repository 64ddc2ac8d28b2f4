import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ConfigProblem } from '../../receiver/config/config.ts'
import type { LoadedConfig } from '../../receiver/config/load.ts'
import { watchConfig } from '../../receiver/config/watch.ts'
import { loadToys } from './toys.ts'

const yaml = (names: string, secret = 'abc') => `version: 1
sources: { toys: { type: toy, secrets: ["${secret}"] } }
automations: [${names
  .split(' ')
  .map((name) => `{ name: ${name}, events: ["*"], destinations: [{ type: toy_note }] }`)
  .join(', ')}]
`

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
      load: (last_good) => loadToys(at, undefined, { last_good }),
      timers: clock,
      onChange: ({ config }: LoadedConfig) => {
        changes.push(config.automations.map(({ name }) => name).join(' '))
        secrets.push(...(config.sources.get('toys')?.credentials.secrets ?? []))
      },
      onRefused: (problems) => refusals.push(problems),
    })
  }

  it('takes a change over within two seconds and a moment', () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, yaml('a b'))
    clock.advance(1_900)
    expect(changes).toEqual([])
    clock.advance(200)
    expect(changes).toEqual(['a b'])
    clock.advance(10_000)
    expect(changes).toEqual(['a b'])
  })

  it('sees a change that came between loading and watching', () => {
    writeFileSync(path, yaml('a'))
    const loaded = loadToys(path)
    writeFileSync(path, yaml('b'))
    const seen: string[] = []
    const onChange = ({ config }: LoadedConfig) => seen.push(config.automations[0]?.name ?? '')
    watchConfig({ loaded, load: () => loadToys(path), timers: clock, onChange, onRefused: () => undefined })
    clock.advance(2_200)
    expect(seen).toEqual(['b'])
  })

  it('refuses an invalid change once, and keeps what is in use', () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, `${yaml('a')}typo: 1\n`)
    clock.advance(10_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatchObject([{ line: 4, key: 'typo' }])
  })

  it('refuses again when it is wrong in another way, and takes it over when it is right', () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, 'version: 2')
    clock.advance(5_000)
    writeFileSync(path, 'version: 3\nmore: 1')
    clock.advance(5_000)
    expect(refusals).toHaveLength(2)
    writeFileSync(path, yaml('b'))
    clock.advance(5_000)
    expect(changes).toEqual(['b'])
  })

  it('says nothing when a mistake is undone', () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, 'version: 2')
    clock.advance(5_000)
    writeFileSync(path, yaml('a'))
    clock.advance(5_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
  })

  it('sees the swapped symlink of a Kubernetes volume, though no file changes', () => {
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
    clock.advance(2_200)
    expect(changes).toEqual(['a b'])
  })

  it('sees a new secret in a file that the configuration refers to', () => {
    writeFileSync(join(directory, 'secret'), 'old')
    writeFileSync(path, yaml('a', '${file:secret}'))
    watch()
    writeFileSync(join(directory, 'secret'), 'new')
    clock.advance(2_200)
    expect(secrets).toEqual(['new'])
  })

  it('picks up a secret file that was missing when the change came', () => {
    writeFileSync(path, yaml('a'))
    watch()
    writeFileSync(path, yaml('a', '${file:secret}'))
    clock.advance(5_000)
    expect(refusals).toHaveLength(1)
    writeFileSync(join(directory, 'secret'), 'here now')
    clock.advance(2_200)
    expect(secrets).toEqual(['here now'])
  })

  it('does not mind a file that vanishes for a moment', () => {
    writeFileSync(path, yaml('a'))
    watch()
    rmSync(path)
    clock.advance(2_050)
    writeFileSync(path, yaml('a b'))
    clock.advance(300)
    expect(refusals).toEqual([])
    expect(changes).toEqual(['a b'])
  })

  it('refuses a file that stays away', () => {
    writeFileSync(path, yaml('a'))
    watch()
    rmSync(path)
    clock.advance(5_000)
    expect(changes).toEqual([])
    expect(refusals).toHaveLength(1)
  })

  it('sees a new file of a directory, and tells of a faulty one while the others are used', () => {
    writeFileSync(path, yaml('a'))
    watch(directory)
    const automation = '{ name: b, events: ["*"], destinations: [{ type: toy_note }] }'
    writeFileSync(join(directory, 'team.yaml'), `version: 1\nautomations: [${automation}]`)
    clock.advance(2_200)
    expect(changes).toEqual(['a b'])
    writeFileSync(join(directory, 'team.yaml'), 'version: 1\nautomation: []')
    writeFileSync(path, yaml('c'))
    clock.advance(2_200)
    expect(changes).toEqual(['a b', 'c b'])
    expect(refusals).toHaveLength(1)
  })

  it('ends when it is stopped', () => {
    writeFileSync(path, yaml('a'))
    watch().stop()
    writeFileSync(path, yaml('b'))
    clock.advance(10_000)
    expect(changes).toEqual([])
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
    advance(ms: number) {
      const end = now + ms
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        waiting = waiting.filter((other) => other !== next)
        now = next.at
        next.run()
      }
      now = end
    },
  }
}
