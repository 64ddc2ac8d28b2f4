import { describe, expect, it } from 'vitest'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { openRuntime, takeMany } from './many-bodies.ts'

const BODIES = 2_000

describe('Bodies that were bent out of what a registry sends', () => {
  const runtime = openRuntime()

  it.each([...SOURCE_TYPES.keys()])(
    'of %s are refused or become events and requests, and none of them is a fault of the receiver',
    (type) => {
      const seed = Math.floor(Math.random() * 2 ** 32)
      const { refused, events } = takeMany(runtime, type, { bodies: BODIES, seed })
      expect(events + refused, `seed ${seed}`).toBeGreaterThan(BODIES / 2)
    },
  )
})
