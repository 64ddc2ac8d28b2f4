import { describe, expect, it } from 'vitest'
import { runAction } from '../support/run-action.ts'
import { dispatched, modelEvent, stageChanged, versionLinked } from './events.ts'

const CLOSED = { matched: 'false', reason: 'environment', environment: '', artifact: '', version: '' }
const promoted = (alias: string) => modelEvent({ model: { reference: null }, change: { alias } })

describe('the input environments', () => {
  it.each([
    ['an alias that it does not name', 'staging=stg', promoted('production')],
    ['an alias that only begins alike', 'production=prod', promoted('production-eu')],
    ['a stage that it does not name', 'Staging=stg', stageChanged],
    ['an event without alias and stage', 'production=prod\nstaging=stg', versionLinked],
  ])(
    'lets nothing through for %s: an empty environment has no reviewers',
    async (_what, environments, event) => {
      const { outputs, stdout, exit_code } = await runAction({
        inputs: { environments },
        event: dispatched(event),
      })
      expect(exit_code).toBe(0)
      expect(outputs).toMatchObject(CLOSED)
      expect(stdout).toContain('::notice::Not matched, environment: ')
      expect(stdout).toMatch(/Add the line \S+=ENVIRONMENT to take it\./)
    },
  )

  it.each([
    ['production=prod', promoted('production'), 'prod'],
    ['production=prod', promoted('Production'), 'prod'],
    ['PRODUCTION=prod', promoted('production'), 'prod'],
    ['production=stage-prod', stageChanged, 'stage-prod'],
    ['staging=stg, production=prod', promoted('production'), 'prod'],
    ['production=prod, staging=stg', promoted('production'), 'prod'],
    ['production=prod, staging=stg', promoted('staging'), 'stg'],
    ['staging = stg ,\n prod* = prod eu , ', promoted('production'), 'prod eu'],
    ['production=first\nproduction=second', promoted('production'), 'first'],
    ['*=any', versionLinked, 'any'],
    ['production=prod, version.linked=evaluation', versionLinked, 'evaluation'],
    ['link_artifact=evaluation', versionLinked, 'evaluation'],
  ])(
    '%j gives an event its environment, by comma or line, in any case',
    async (environments, event, environment) => {
      const { outputs } = await runAction({ inputs: { environments }, event: dispatched(event) })
      expect(outputs).toMatchObject({ matched: 'true', environment })
    },
  )

  it('is asked by the alias alone where an event has one: a kind cannot stand for it', async () => {
    const inputs = { environments: 'alias.added=prod' }
    const { outputs } = await runAction({ inputs, event: dispatched(promoted('production')) })
    expect(outputs).toMatchObject(CLOSED)
  })

  it('is no gate where it is not given', async () => {
    const { outputs } = await runAction({ event: dispatched(promoted('production')) })
    expect(outputs).toMatchObject({ matched: 'true', environment: '' })
  })

  it('fails the step for what it does not fit, when on-mismatch says so', async () => {
    const inputs = { environments: 'staging=stg', 'on-mismatch': 'fail' }
    const { outputs, exit_code } = await runAction({ inputs, event: dispatched(promoted('production')) })
    expect(exit_code).toBe(1)
    expect(outputs).toMatchObject(CLOSED)
  })
})
