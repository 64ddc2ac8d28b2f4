import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ACTION_PAGE, withActionTables } from '../../scripts/docs/action-page.ts'
import { encodeClientPayload } from '../../src/contract/client-payload.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { decodeClientPayload } from '../../src/contract/read-client-payload.ts'
import { REASONS, type Reason } from '../../src/match.ts'
import { OUTPUT_NAMES } from '../../src/outputs.ts'
import { ROOT, codeBlocks, named, readProject, tableUnder } from '../contract/markdown.ts'
import { runAction } from '../support/run-action.ts'
import { aliasAdded, dispatched, modelEvent } from './events.ts'

const PAGE = readProject(ACTION_PAGE)
const EVENTS = 'examples/events'
const files = readdirSync(join(ROOT, EVENTS)).filter((name) => name.endsWith('.json'))
const eventOf = (file: string) => JSON.parse(readProject(join(EVENTS, file))) as JsonObject

/** Runs a block of a document at the top of the project, with the Node.js of these tests. */
function shell(script: string): string {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { PATH },
    encoding: 'utf8',
  })
}

/** Inputs and an event that lead to each reason. */
const CALLS: Record<Reason, [inputs: Record<string, string>, event: JsonObject]> = {
  matched: [{}, dispatched(aliasAdded)],
  event: [{ events: 'LINK_ARTIFACT' }, dispatched(aliasAdded)],
  alias: [{ aliases: 'staging' }, dispatched(aliasAdded)],
  model: [{ models: 'other' }, dispatched(aliasAdded)],
  stage: [{ stages: 'Staging' }, dispatched(aliasAdded)],
  environment: [{ environments: 'staging=stg' }, dispatched(aliasAdded)],
  test: [{}, dispatched(modelEvent({ test: true }))],
  'unsafe-value': [{}, dispatched(modelEvent({ change: { alias: '$(id)' } }))],
  contradiction: [{}, eventOf('wandb-contradiction.json')],
  'no-event': [{}, eventOf('no-model-event.json')],
  schema: [{}, { client_payload: { model_event: { schema: 'model-dispatch/2' } } }],
}

describe('docs/action.md', () => {
  it('has the tables of action.yml; else run `npm run docs`', async () => {
    expect(PAGE).toBe(await withActionTables(PAGE, readProject('action.yml')))
  })

  it('shows the six outputs first that every workflow needs', () => {
    const first = tableUnder(PAGE, '## The outputs that every workflow needs').map(([name]) => name)
    expect(first).toEqual(['matched', 'reason', 'kind', 'model', 'artifact', 'environment'].map(named))
    expect(OUTPUT_NAMES.slice(0, 6).map(named)).toEqual(first)
  })

  it('has every reason, and action.yml names them', () => {
    expect(tableUnder(PAGE, '## Reasons').map(([reason]) => reason)).toEqual(REASONS.map(named))
    for (const reason of REASONS) expect(readFileSync(join(ROOT, 'action.yml'), 'utf8')).toMatch(reason)
  })

  it.each(REASONS)('says how a run shows %s', async (reason) => {
    const [inputs, event] = CALLS[reason]
    const { outputs, stdout } = await runAction({ inputs, event })
    const command = /^::(\w+)::/m.exec(stdout)?.[1]
    const row = tableUnder(PAGE, '## Reasons').find(([name]) => name === named(reason))
    const article = command === 'error' ? 'an' : 'a'
    expect(outputs['reason']).toBe(reason)
    expect(row?.[2]).toBe(command === undefined ? 'the log' : `${article} ${command}`)
  })

  it('has lines to try at home that print what it says they do, in at most ten', () => {
    const blocks = codeBlocks(PAGE)
    const at = blocks.findIndex(({ language }) => language === 'sh')
    const script = blocks[at]?.text ?? ''
    expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
    expect(shell(script)).toBe(blocks[at + 1]?.text)
  })
})

describe('examples/events', () => {
  const TABLE = tableUnder(readProject(`${EVENTS}/README.md`), '# Events to try the Action on')

  it('are all in the table of their README', () => {
    expect(TABLE.map(([file]) => file)).toEqual(files.map(named))
  })

  it.each(TABLE)('%s is %s', async (file = '', _what, reason = '', environment = '') => {
    const inputs = { environments: 'production=prod, version.linked=evaluation' }
    const { outputs } = await runAction({ inputs, event: eventOf(file.replaceAll('`', '')) })
    expect(named(outputs['reason'] ?? '')).toBe(reason)
    expect(outputs['environment']).toBe(environment.replaceAll('`', ''))
  })

  it('run in one loop as their README says', () => {
    const [block] = codeBlocks(readProject(`${EVENTS}/README.md`))
    const printed = shell(block?.text ?? '')
    expect(Array.from(printed.matchAll(/^== (.*)$/gm), ([, file]) => file)).toEqual(files)
    expect(printed).toContain(
      "Matched: Steps and jobs that check matched == 'true' run, in the environment prod.",
    )
  })

  it.each(files.filter((file) => 'model_event' in ((eventOf(file)['client_payload'] ?? {}) as JsonObject)))(
    '%s holds the client_payload that the receiver makes of its event',
    (file) => {
      const payload = eventOf(file)['client_payload'] as JsonObject
      const decoded = decodeClientPayload(payload)
      if (decoded === null) throw new Error('There is no event.')
      const { model_event: _event, ...flat } = payload
      const made = encodeClientPayload(decoded.event, flat as Record<string, string>, decoded.envelope)
      expect(made).toEqual(payload)
    },
  )
})
