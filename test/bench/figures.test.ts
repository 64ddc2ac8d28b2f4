import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { row } from './line.ts'
import { makeRing, readRing, SECRET, wandbScheme, writeRing } from './load/ring.ts'
import { nameInLane } from './receiver.ts'
import { median, medianRatio, quantile, spread } from './statistics.ts'

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-bench-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the figures of the benchmark', () => {
  it('take the middle of the rounds', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(spread([4_800, 5_120, 5_400], 'req/s')).toBe('5,120 req/s (4,800..5,400)')
  })

  it('compare within a round, so that a slow round of both changes nothing', () => {
    expect(medianRatio([90, 9, 80], [100, 10, 100])).toBe(0.9)
  })

  it('give the value that all but the slowest hundredth stay under', () => {
    const values = Float64Array.from({ length: 1_000 }, (_, i) => 1_000 - i)
    expect(quantile(values, 0.99)).toBe(990)
    expect(quantile([7], 0.5)).toBe(7)
  })

  it('say whether a goal is met', () => {
    expect(row({ what: 'accept', ours: '', other: '' }, 0.9, { at_least: 0.9 })).toMatchObject({
      met: true,
      goal: '>= 0.9',
    })
    expect(row({ what: 'accept', ours: '', other: '' }, 0.89, { at_least: 0.9 }).met).toBe(false)
    expect(row({ what: 'p99', ours: '', other: '' }, 2.1, { at_most: 2 })).toMatchObject({
      met: false,
      goal: '<= 2',
    })
    expect(row({ what: 'without a store', ours: '', other: '' }, 0.5, null)).toMatchObject({
      met: null,
      goal: null,
    })
  })
})

describe('the requests of the benchmark', () => {
  it('are whole, signed, and never the same twice', () => {
    const requests = ['first', 'second'].flatMap((name) => {
      const file = join(folder, name)
      writeRing(file, wandbScheme('/webhooks/wandb'), { count: 50 })
      return readRing(readFileSync(file)).map((request) => request.toString())
    })
    expect(new Set(requests).size).toBe(100)
    for (const request of requests) {
      const [head = '', body = ''] = request.split('\r\n\r\n')
      const signature = createHmac('sha256', SECRET).update(body).digest('base64')
      expect(head).toMatch(/^POST \/webhooks\/wandb HTTP\/1\.1\r\n/)
      expect(head).toContain(`\r\nX-Wandb-Signature: ${signature}\r\n`)
      expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}`)
    }
  })

  it('name models in turn for each lane where there are several', () => {
    const requests = makeRing(wandbScheme('/'), {
      count: 17,
      name: (ring, n) => nameInLane(`${ring}-${n}`, n),
    })
    const models = requests.map(
      (request) => /"artifact_collection_name":"(\w)-/.exec(request.toString())?.[1],
    )
    expect(models.join('')).toBe('0123456789abcdef0')
  })
})
