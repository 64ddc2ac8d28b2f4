import { describe, expect, it } from 'vitest'
import { workflowDispatch } from '../../receiver/destinations/workflow-dispatch.ts'
import { connections, delivery } from './event.ts'

const keys = (given: Record<string, unknown> = {}) => ({
  type: 'workflow_dispatch',
  repository: 'acme/serving',
  workflow: 'deploy.yml',
  ...given,
})

const problems = (given: Record<string, unknown>) =>
  workflowDispatch.check(workflowDispatch.settings.parse(keys(given)), { connections, checkUrl: () => null })

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`input_${n}`, 'x']))

describe('the settings of a workflow_dispatch', () => {
  it('need only a repository and a workflow', () => {
    expect(delivery(keys()).settings).toEqual({
      type: 'workflow_dispatch',
      connection: 'main',
      repository: 'acme/serving',
      workflow: 'deploy.yml',
      ref: 'main',
      inputs: {},
      parameters: {},
    })
    expect(problems({})).toEqual([])
  })

  it.each([{ workflow: '' }, { workflow: 0 }, { inputs: { a: 1 } }, { inputs: ['a'] }, { event_type: 'x' }])(
    'refuse %j',
    (wrong) => {
      expect(() => delivery(keys(wrong))).toThrow()
    },
  )

  it.each([
    ['a repository outside of the connection', { repository: 'evil/serving' }, 'repository', /not among/],
    ['an unknown connection', { connection: 'mian' }, 'connection', /no GitHub connection mian/],
    ['a path', { workflow: '.github/workflows/deploy.yml' }, 'workflow', /neither the name/],
    ['a workflow from the event', { workflow: '${alias}.yml' }, 'workflow', /neither the name/],
    ['a ref from the event', { ref: 'release-${alias}' }, 'ref', /could choose the code/],
    ['a ref that Git refuses', { ref: 'a..b' }, 'ref', /not the name of a branch or tag/],
    ['an input called payload', { inputs: { payload: 'x' } }, 'inputs', /the input with the event/],
    ['an input that no workflow can declare', { inputs: { 'a b': 'x' } }, 'inputs', /"a b" is not the name/],
    [
      '25 inputs beside payload',
      { inputs: many(25) },
      'inputs',
      /there are 25, and GitHub takes 25 with payload/,
    ],
    [
      'inputs that leave no room',
      { inputs: { a: '"'.repeat(20_000) } },
      'inputs',
      /they take 40008 characters/,
    ],
    [
      'parameters that leave no room',
      { parameters: { a: '"'.repeat(5_000) } },
      'parameters',
      /they take 20012/,
    ],
    ['an unknown word', { inputs: { a: '${allias}' } }, 'inputs', /inputs\.a.*allias/],
    ['a secret', { inputs: { a: '${WANDB_API_KEY}' } }, 'inputs', /names a secret/],
  ])('refuse %s', (_, given, key, message) => {
    const found = problems(given)
    expect(found.map(({ path }) => path)).toEqual([[key]])
    expect(found[0]?.message).toMatch(message)
    expect(found[0]?.fix).toMatch(/^[A-Z].*[.?]$/)
  })

  it.each([
    ['24 inputs beside payload', { inputs: many(24) }],
    ['the number of a workflow', { workflow: 123456 }],
    ['a tag with a path', { ref: 'refs/tags/v1.2' }],
  ])('accept %s', (_, given) => {
    expect(problems(given)).toEqual([])
  })
})
