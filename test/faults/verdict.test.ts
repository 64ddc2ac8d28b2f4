import { describe, expect, it } from 'vitest'
import { judge, type Dispatched, type Evidence, type Kept, type Sent } from '../support/verdict.ts'

const sent = (version: number, outcome: Sent['outcome'] = 'accepted', model = 'm'): Sent => ({
  model,
  version,
  outcome,
  event_id: outcome === 'accepted' ? `evt_${model}_${version}` : null,
})
const kept = (version: number, status = 'succeeded', model = 'm'): Kept => ({
  id: `dlv_${model}_${version}`,
  event_id: `evt_${model}_${version}`,
  status,
})
const dispatched = (version: number, model = 'm'): Dispatched => ({
  event_id: `evt_${model}_${version}`,
  delivery_id: `dlv_${model}_${version}`,
  model,
  version,
})
const problems = (evidence: Partial<Evidence>) =>
  judge({ sent: [], dispatched: [], kept: [], violations: [], duplicates_allowed: 0, ...evidence }).problems

describe('the verdict on a run', () => {
  it('finds nothing wrong where each is dispatched once, in order, and what gave way has a newer one', () => {
    const verdict = judge({
      sent: [sent(1), sent(2), sent(3), sent(4, 'unknown'), sent(5, 'refused')],
      dispatched: [dispatched(1), dispatched(3), dispatched(4)],
      kept: [kept(1), kept(2, 'superseded'), kept(3), kept(4)],
      violations: [],
      duplicates_allowed: 0,
    })
    expect(verdict).toEqual({
      accepted: 3,
      acted: 3,
      superseded: 1,
      duplicates: 0,
      refused: 1,
      unknown: 1,
      problems: [],
    })
  })

  it.each<[string, Partial<Evidence>, string]>([
    ['is lost', { sent: [sent(1)] }, 'm v1: got a 202, but is not in the store'],
    ['only claims to be sent', { sent: [sent(1)], kept: [kept(1)] }, 'never arrived'],
    ['waits', { sent: [sent(1)], kept: [kept(1, 'pending')] }, '1 deliveries are unfinished'],
    ['is a dead letter', { sent: [sent(1)], kept: [kept(1, 'failed')] }, 'got a 202, but is failed'],
    [
      'gave way to nothing',
      { sent: [sent(1)], kept: [kept(1, 'superseded')] },
      'nothing newer was dispatched',
    ],
    [
      'came after a newer one',
      { sent: [sent(1), sent(2)], kept: [kept(1), kept(2)], dispatched: [dispatched(2), dispatched(1)] },
      'm: v1 was dispatched after v2',
    ],
    [
      'came once more after a newer one',
      {
        sent: [sent(1), sent(2)],
        kept: [kept(1), kept(2)],
        dispatched: [dispatched(1), dispatched(2), dispatched(1)],
        duplicates_allowed: 1,
      },
      'm: v2 was accepted last, but v1 was dispatched last',
    ],
    [
      'came twice without a reason',
      { sent: [sent(1)], kept: [kept(1)], dispatched: [dispatched(1), dispatched(1)] },
      '1 dispatches came twice; the faults explain 0',
    ],
    [
      'was refused, and dispatched',
      { sent: [sent(1, 'refused')], dispatched: [dispatched(1)] },
      'was refused, but dispatched',
    ],
    ['was never sent', { dispatched: [dispatched(1)] }, 'was dispatched, but never sent'],
    ['is new and called a duplicate', { sent: [sent(1, 'duplicate')] }, 'was called a duplicate'],
    ['breaks a rule', { violations: ['dispatch: no User-Agent'] }, 'no User-Agent'],
  ])('finds one that %s', (_, evidence, problem) => {
    expect(problems(evidence).join('\n')).toContain(problem)
  })
})
