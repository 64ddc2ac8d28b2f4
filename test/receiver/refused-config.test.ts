import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createRefusedConfig } from '../../receiver/runtime/refused-config.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { systemClock } from '../../receiver/observe/clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('A refused configuration is logged every ten minutes until it is mended, and raises one alert', () => {
  const lines: { message: string; level: string; line?: number }[] = []
  const log = createLog('info', { write: (text) => void lines.push(JSON.parse(text) as (typeof lines)[0]) })
  const onRefused = vi.fn()
  const refused = createRefusedConfig({ log, clock: systemClock(0), onRefused })
  const problem = {
    file: 'a.yaml',
    line: 4,
    key: 'typo',
    message: 'there is no such key here',
    fix: 'Remove it.',
  }
  refused.refused([problem], 'configuration refused: what was in force stays')
  vi.advanceTimersByTime(25 * 60_000)
  expect(lines.map(({ level, line }) => [level, line])).toEqual(Array(3).fill(['error', 4]))
  expect(onRefused).toHaveBeenCalledExactlyOnceWith([problem])
  expect(refused.now()).toMatchObject({ problems: [problem] })
  refused.mended()
  vi.advanceTimersByTime(60 * 60_000)
  expect(lines.slice(3).map(({ message }) => message)).toEqual([
    'configuration refused before: the files are right again',
  ])
  expect(refused.now()).toBeNull()
})
