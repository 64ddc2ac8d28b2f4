import { describe, expect, it } from 'vitest'
import { createLog } from '../../receiver/observe/log.ts'

/** The line that a log writes of this. */
function logged(line: object): Record<string, unknown> {
  let written = ''
  createLog('info', { write: (text) => (written += text) }).info(line, 'said')
  expect(written.match(/\n/g)).toEqual(['\n'])
  return JSON.parse(written) as Record<string, unknown>
}

describe('a line of the log', () => {
  it('hides what stands under the key of a secret, however deep', () => {
    const line = { token: 'a', source: { name: 'wandb', secrets: ['b'], auth: { private_key: 'c' } } }
    expect(logged(line)).toMatchObject({
      token: '[secret]',
      source: { name: 'wandb', secrets: '[secret]', auth: { private_key: '[secret]' } },
    })
  })

  it('hides them in lists and in errors, and nothing else', () => {
    const at = new Date(0)
    expect(logged({ list: [{ token: 'a', at }] })).toMatchObject({
      list: [{ token: '[secret]', at: at.toISOString() }],
    })
    const error = Object.assign(new Error('no'), { token: 'a' })
    expect(logged({ err: error })).toMatchObject({ err: { message: 'no', token: '[secret]' } })
  })

  it('leaves the object that it was given as it was', () => {
    const line = { source: { secret: 'a' } }
    logged(line)
    expect(line).toEqual({ source: { secret: 'a' } })
  })

  it('ends with an object that holds itself', () => {
    const line: Record<string, unknown> = { name: 'circle' }
    line['self'] = line
    expect(logged(line)).toMatchObject({ name: 'circle', message: 'said' })
  })

  it('cannot be forged by a value: line ends and control characters are escaped', () => {
    const title = 'v3\n{"level":"info"}\u001b[2J'
    expect(logged({ title })).toMatchObject({ title })
  })
})
