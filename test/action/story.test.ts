import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { runAction } from '../support/run-action.ts'
import { aliasAdded, dispatched, modelEvent, stageChanged, versionLinked, wandbDirect } from './events.ts'

const lines = (stdout: string) => stdout.trimEnd().split('\n')
const moved = modelEvent({
  model: { url: 'https://wandb.ai/my-team/resnet50' },
  change: { alias: 'production', previous_version: 'v2' },
})

/** The rows of the summary's table, as text. */
function rowsOf(summary: string): Record<string, string> {
  const rows = summary.matchAll(/<tr><th align="left">(.*?)<\/th><td>(.*?)<\/td><\/tr>/g)
  return Object.fromEntries(Array.from(rows, ([, name = '', cell = '']) => [name, textOf(cell)]))
}

function textOf(html: string): string {
  const text = html.replaceAll(/<[^>]*>/g, '')
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}

describe('the log of a step', () => {
  it('is three lines: what happened, to which version, and what runs', async () => {
    const inputs = { environments: 'production=prod' }
    const { stdout } = await runAction({ inputs, event: dispatched(moved) })
    expect(lines(stdout)).toEqual([
      'Event: resnet50 v3 -> production by jane (ADD_ARTIFACT_ALIAS of wandb)',
      'Model: my-team/model-registry/resnet50:v3 - before: v2 - environment: prod',
      "Matched: Steps and jobs that check matched == 'true' run, in the environment prod.",
    ])
  })

  it('is three lines for what does not match, the last of them a notice with the reason', async () => {
    const { stdout } = await runAction({ inputs: { aliases: 'champion' }, event: dispatched(aliasAdded) })
    expect(lines(stdout)).toEqual([
      'Event: resnet50 v3 -> production by jane (ADD_ARTIFACT_ALIAS of wandb)',
      'Model: my-team/model-registry/resnet50:v3',
      '::notice::Not matched, alias: The alias is production. The input aliases takes champion. ' +
        'Steps and jobs that do not check the output matched still run.',
    ])
  })

  it('is one line where there is no event', async () => {
    const { stdout } = await runAction({ event: { ref: 'refs/heads/main' } })
    expect(lines(stdout)).toEqual([
      '::warning::Not matched, no-event: The event of this run has neither a client_payload nor a workflow input ' +
        'payload. Start the workflow by repository_dispatch or give this step the input payload. ' +
        'Steps and jobs that do not check the output matched still run.',
    ])
  })

  it('says what to add in W&B where an event cannot be told', async () => {
    const { stdout } = await runAction({ event: wandbDirect })
    expect(stdout).toMatch(/^::warning::.*Add these lines to the payload/m)
  })

  it('leaves out what the event does not say', async () => {
    const payload = JSON.stringify({ event_type: 'RUN_STATE', run_name: 'sun-42', run_status: 'FAILED' })
    const { stdout } = await runAction({ inputs: { payload } })
    expect(lines(stdout)).toEqual([
      'Event: Run sun-42 FAILED (RUN_STATE of wandb)',
      "Matched: Steps and jobs that check matched == 'true' run.",
    ])
  })
})

describe('the summary of a step', () => {
  it('says what happened, to which model, by whom, what was there before, and what this run does', async () => {
    const { summary } = await runAction({
      inputs: { environments: 'production=prod' },
      event: dispatched(moved),
    })
    expect(textOf(summary)).toContain('resnet50 v3 -> production by jane')
    expect(textOf(summary)).toContain(
      "Steps and jobs that check matched == 'true' run, in the environment prod.",
    )
    expect(rowsOf(summary)).toEqual({
      Event: 'ADD_ARTIFACT_ALIAS (alias.added)',
      By: 'jane',
      Model: 'resnet50',
      Version: 'v3',
      'Version before': 'v2',
      Alias: 'production',
      Environment: 'prod',
      Artifact: 'my-team/model-registry/resnet50:v3',
      'Model page': 'https://wandb.ai/my-team/resnet50',
      Source: 'wandb',
      Automation: 'deploy-production',
      Delivery: 'dlv_01 at dispatch.example',
    })
  })

  it('links the delivery in the receiver under its id, and shows the host that it leads to', async () => {
    const { summary } = await runAction({ event: dispatched(moved) })
    expect(summary).toContain(
      '<a href="https&#58;//dispatch.example/api/v1/deliveries/dlv&#95;01"><code>dlv&#95;01</code></a> at <code>dispatch.example</code>',
    )
  })

  it('says of a stage where it came from', async () => {
    const { summary } = await runAction({ event: dispatched(stageChanged) })
    expect(rowsOf(summary)).toMatchObject({ Stage: 'None -> Production', Version: '8' })
  })

  it('says why nothing is done, and that unguarded steps still run', async () => {
    const inputs = { environments: 'staging=stg' }
    const { summary } = await runAction({ inputs, event: dispatched(versionLinked) })
    expect(textOf(summary)).toContain('Not for this step: resnet50 v3 linked by jane')
    expect(textOf(summary)).toContain('Add the line version.linked=ENVIRONMENT to take it. environment')
    expect(textOf(summary)).toContain('Steps and jobs that do not check the output matched still run.')
    expect(rowsOf(summary)).not.toHaveProperty('Environment')
  })

  it('shows the name of a person as it is, also where the output is empty', async () => {
    const { summary } = await runAction({ event: dispatched(modelEvent({ author: "O'Brien" })) })
    expect(rowsOf(summary)).toMatchObject({ By: "O'Brien" })
  })

  it('says that there was no event', async () => {
    const { summary } = await runAction({ event: {} satisfies JsonObject })
    expect(summary).toMatch(/^<h3>No model event<\/h3>\n<p>/)
  })

  it('is not written when that is turned off', async () => {
    const { summary } = await runAction({
      inputs: { 'show-summary': 'false' },
      event: dispatched(aliasAdded),
    })
    expect(summary).toBe('')
  })
})
