import { describe, expect, it, onTestFinished } from 'vitest'
import { startHouse } from '../regressions/receiver.ts'

const WARNING = 'alerts use the GitHub connection that they watch'

const HOOK = '{ type: webhook, url: "https://hooks.example/alerts" }'
const MAIN = '{ type: repository_dispatch, repository: acme/operations, event_type: trouble }'
const OTHER = '{ type: repository_dispatch, connection: other, repository: ops/alerts }'

/** A configuration whose registry events go by `main`, and whose alerts go to these destinations. */
const config = (alerts: string, { events = MAIN, status = 'active' } = {}) => `
version: 1
sources:
  wandb: { type: wandb, secrets: ["wandb-signing-secret-of-the-tests"] }
github:
  main: { repositories: ["acme/*"] }
  other: { token: "ghp_anotherTokenOfTheTests", repositories: ["ops/*"] }
automations:
  - { name: deploy, sources: [wandb], events: ["LINK_ARTIFACT"], destinations: [${events}] }
  - { name: tell, sources: [model-dispatch], events: ["*"], destinations: [${alerts}] }
  - { name: tell-too, status: ${status}, sources: [model-dispatch], events: ["*"], destinations: [${HOOK}] }
`

async function start(text: string) {
  const house = await startHouse({ config: text })
  onTestFinished(() => house.close())
  return { house, warnings: () => house.log.filter(({ message }) => message === WARNING) }
}

describe('a configuration whose alerts depend on what they watch', () => {
  it('starts with a warning that names the connection and what to do', async () => {
    const { warnings } = await start(config(MAIN, { status: 'disabled' }))
    expect(warnings()).toMatchObject([
      { level: 'warn', connection: 'main', fix: expect.stringMatching(/slack, teams or webhook/) as string },
    ])
  })

  it('is warned of again when a change makes it one', async () => {
    const { house, warnings } = await start(config(MAIN))
    expect(warnings()).toEqual([])
    await house.reload(config(MAIN, { status: 'disabled' }))
    expect(warnings()).toHaveLength(1)
  })

  it.each([
    ['alerts also go to a webhook', config(`${MAIN}, ${HOOK}`, { status: 'disabled' })],
    ['alerts also go by another connection', config(`${MAIN}, ${OTHER}`, { status: 'disabled' })],
    ['alerts go by another connection', config(OTHER, { status: 'disabled' })],
    ['registry events need no GitHub', config(MAIN, { status: 'disabled', events: HOOK })],
  ])('is not warned of where %s', async (_, text) => {
    const { warnings } = await start(text)
    expect(warnings()).toEqual([])
  })
})
