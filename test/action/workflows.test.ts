import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { INPUT_NAMES } from '../../src/inputs.ts'
import { OUTPUT_NAMES } from '../../src/outputs.ts'
import { runAction } from '../support/run-action.ts'
import {
  runWorkflow,
  whatRan,
  type ActionStep,
  type WorkflowEvent,
  type WorkflowRun,
} from '../support/workflow-run.ts'
import {
  aliasAdded,
  dispatched,
  envelope,
  modelEvent,
  stageChanged,
  versionLinked,
  wandbDirect,
} from './events.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'workflows')
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')

/** Runs the example as GitHub would, with the real Action in its steps. */
function play(
  file: string,
  payload: JsonObject,
  name: WorkflowEvent['name'] = 'repository_dispatch',
): Promise<WorkflowRun> {
  const action: ActionStep = async (inputs) => {
    const { exit_code, outputs } = await runAction({ inputs, event: payload })
    return { success: exit_code === 0, outputs }
  }
  return runWorkflow(read(file), { name, payload }, action)
}

describe('every example workflow', () => {
  it.each(readdirSync(FOLDER))("%s is valid by GitHub's own parser", async (file) => {
    const { context, value } = parseWorkflow(
      { name: file, content: read(file) },
      new NoOperationTraceWriter(),
    )
    if (value !== undefined) await convertWorkflowTemplate(context, value)
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([])
  })

  it.each(readdirSync(FOLDER))('%s puts no value of an event into a script', (file) => {
    const scripts = read(file).match(/^\s*(?:- )?run:.*$/gm) ?? []
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect(script).not.toContain('${{')
  })

  it.each(readdirSync(FOLDER))('%s names only inputs and outputs that the Action has', (file) => {
    const outputs = Array.from(read(file).matchAll(/steps\.event\.outputs\.([a-z-]+)/g), ([, name]) => name)
    const inputs = Array.from(read(file).matchAll(/^ {10}([a-z-]+): /gm), ([, name]) => name)
    expect(outputs.length).toBeGreaterThan(0)
    expect(OUTPUT_NAMES).toEqual(expect.arrayContaining(outputs))
    expect(INPUT_NAMES).toEqual(expect.arrayContaining(inputs))
  })
})

describe('deploy-model.yml', () => {
  const play1 = (event: JsonObject) => play('deploy-model.yml', event)

  it('evaluates a version that is linked', async () => {
    expect(whatRan(await play1(dispatched(versionLinked)))).toEqual([
      'parse',
      'parse/event',
      'evaluate',
      'evaluate/Evaluate',
    ])
  })

  it('deploys what becomes production, in order for each subject', async () => {
    const run = await play1(dispatched(aliasAdded))
    expect(run.name).toBe('resnet50 v3 -> production by jane')
    expect(whatRan(run)).toEqual(['parse', 'parse/event', 'deploy', 'deploy/Deploy'])
    expect(run.jobs.find(({ id }) => id === 'deploy')).toMatchObject({
      environment: 'production',
      group: `deploy-${envelope.subject_key}`,
      steps: [{ env: { ARTIFACT: 'my-team/model-registry/resnet50:production', MODEL: 'resnet50' } }],
    })
  })

  it('leaves other aliases alone, also those that contain the word', async () => {
    const event = dispatched(modelEvent({ change: { alias: 'preproduction' } }))
    expect(whatRan(await play1(event))).toEqual(['parse', 'parse/event'])
  })

  it('promotes what changes its stage', async () => {
    const run = await play1(dispatched(stageChanged))
    expect(whatRan(run)).toEqual(['parse', 'parse/event', 'promote', 'promote/Promote'])
    expect(run.jobs.find(({ id }) => id === 'promote')?.steps[0]?.env).toEqual({
      MODEL: 'Airline_Delay_SparkML',
      VERSION: '8',
      STAGE: 'Production',
    })
  })

  it('does nothing for a hostile value', async () => {
    const event = dispatched(modelEvent({ model: { reference: 'e/p/m:v1"; id; echo "' } }))
    expect(whatRan(await play1(event))).toEqual(['parse', 'parse/event'])
  })

  it('is not started by dispatches of another type', async () => {
    expect((await play1({ ...dispatched(aliasAdded), action: 'release' })).started).toBe(false)
  })
})

describe('wandb-direct.yml', () => {
  it("acts on W&B's documented body as it always did", async () => {
    const run = await play('wandb-direct.yml', wandbDirect)
    expect(whatRan(run)).toEqual(['deploy', 'deploy/event', 'deploy/Deploy'])
    expect(run.jobs[0]?.steps[1]?.env).toEqual({ ARTIFACT: 'my-team/model-registry/resnet50:production' })
  })

  it('tells production where the body names its alias', async () => {
    const client_payload = { ...(wandbDirect['client_payload'] as JsonObject), alias: 'production' }
    const run = await play('wandb-direct.yml', { ...wandbDirect, client_payload })
    expect(whatRan(run)).toContain('deploy/Tell about production')
  })
})

describe('try-by-hand.yml', () => {
  const started = (payload: string) => play('try-by-hand.yml', { inputs: { payload } }, 'workflow_dispatch')

  it('shows what a pasted payload would do', async () => {
    const run = await started(JSON.stringify(dispatched(aliasAdded)['client_payload']))
    expect(whatRan(run)).toEqual(['decide', 'decide/event', 'decide/Show'])
    expect(run.jobs[0]?.result).toBe('success')
  })

  it('fails for one that no event of its list is in', async () => {
    const run = await started(JSON.stringify(dispatched(versionLinked)['client_payload']))
    expect(whatRan(run)).toEqual(['decide', 'decide/event'])
    expect(run.jobs[0]?.result).toBe('failure')
  })
})
