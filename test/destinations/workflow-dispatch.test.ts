import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { APP_KEY } from '../github/app.ts'
import { appConnection, patience, tokenConnection } from '../github/connections.ts'
import { startGitHub, type StandInOptions } from '../standins/github/index.ts'
import { runAction } from '../support/run-action.ts'
import { senderOf } from './context.ts'
import { aliasEvent, connections, delivery } from './event.ts'
import { eventOf } from './messages.ts'

const keys = (given: Record<string, unknown> = {}) => ({
  type: 'workflow_dispatch',
  repository: 'acme/serving',
  workflow: 'deploy.yml',
  ...given,
})

async function setUp(options: StandInOptions = {}, connection = tokenConnection()) {
  const github = await startGitHub(options)
  onTestFinished(() => github.close())
  const main = { ...connection, api_url: github.url }
  const lent = { connections: new Map([['main', main]]), github: createGitHub() }
  const sender = senderOf('workflow_dispatch', lent)
  const send = (given: Record<string, unknown> = {}, event: ModelEvent = aliasEvent()) =>
    sender.send(delivery(keys(given), { event }), patience())
  return { github, send }
}

const inputsOf = (given: Record<string, unknown> = {}, event: ModelEvent = aliasEvent()) => {
  const sender = senderOf('workflow_dispatch', { connections, public_url: 'https://dispatch.example' })
  const { body } = sender.render(delivery(keys(given), { event }))
  return body['inputs'] as Record<string, string>
}

const payloadOf = (given: Record<string, unknown> = {}, event: ModelEvent = aliasEvent()) =>
  JSON.parse(inputsOf(given, event)['payload'] ?? '') as { model_event: Record<string, unknown> }

describe('a workflow_dispatch', () => {
  it('arrives as GitHub describes it, and the run that it started is on the attempt', async () => {
    const { github, send } = await setUp()
    const result = await send({ ref: 'v1', inputs: { model: '${artifact_collection_name}', region: 'eu' } })
    expect(github.violations).toEqual([])
    expect(github.workflows.started).toMatchObject([
      {
        repository: 'acme/serving',
        workflow: 'deploy.yml',
        ref: 'v1',
        inputs: {
          model: 'resnet50',
          region: 'eu',
          payload: expect.stringContaining('"model_event"') as string,
        },
      },
    ])
    expect(result).toMatchObject({
      class: 'success',
      status: 200,
      message: 'Run 22500000001 has started: https://github.com/acme/serving/actions/runs/22500000001',
      fix: '',
    })
  })

  it('goes to one workflow of a repository, in the lane of the connection', () => {
    const target = (given: Record<string, unknown>) =>
      senderOf('workflow_dispatch', { connections }).target(delivery(keys(given)))
    expect(target({ repository: 'acme/${artifact_collection_name}' })).toEqual({
      target: 'acme/resnet50 deploy.yml',
      listener: 'https://api.github.com workflow deploy.yml main',
      lane: 'github-connection:api.github.com:main',
      policy: { concurrency: 1, interval_ms: 1000 },
    })
    expect(target({ ref: 'eu' }).listener).not.toBe(target({ ref: 'us' }).listener)
  })

  it('asks for a token of the App that may start workflows and nothing else', async () => {
    const app = { id: '1234', public_key: APP_KEY.public_key, installations: { acme: 7 } }
    const { github, send } = await setUp({ app }, appConnection(APP_KEY.private_key))
    expect(await send()).toMatchObject({ class: 'success' })
    expect(github.mints.map(({ request }) => request)).toMatchObject([{ permissions: { actions: 'write' } }])
    expect(github.violations).toEqual([])
  })

  it('says which permission an App lacks', async () => {
    const app = { id: '1234', installations: { acme: 7 } }
    const { github, send } = await setUp({ app }, appConnection(APP_KEY.private_key))
    github.failNext({ kind: 'answer', name: 'permission-not-granted' }, { operation: 'token', times: 2 })
    expect(await send()).toMatchObject({
      class: 'permanent',
      fix: expect.stringContaining('"Actions: write"') as string,
    })
  })

  it('follows a repository that has moved, and says its new name', async () => {
    const { github, send } = await setUp({ moved: { 'acme/serving': 'newco/new' } })
    const result = await send()
    expect(result).toMatchObject({
      class: 'success',
      fix: expect.stringContaining('put newco/new') as string,
    })
    expect(github.workflows.started).toMatchObject([{ repository: 'newco/new', workflow: 'deploy.yml' }])
  })
})

describe('a server that does not name runs', () => {
  it.each([400, 422] as const)(
    'is asked again without that question, in the same attempt (%i)',
    async (status) => {
      const { github, send } = await setUp({ run_details_refused: status })
      expect(await send()).toMatchObject({ class: 'success', status: 204, message: '' })
      expect(github.requests).toHaveLength(2)
      expect(await send()).toMatchObject({ class: 'success', status: 204 })
      expect(github.requests).toHaveLength(3)
      expect(github.workflows.started).toHaveLength(2)
    },
  )

  it('gets what GitHub Enterprise Server 3.17 describes', async () => {
    const { github, send } = await setUp({ run_details_refused: 422 })
    await send({ inputs: { region: 'eu' } })
    const file = fileURLToPath(import.meta.resolve('@octokit/openapi/generated/ghes-3.17.json'))
    const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>
    }
    const operation = paths['/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches']?.post
    const schema = operation?.requestBody.content['application/json']?.schema ?? {}
    const check = new Ajv({ strict: false }).compile({ ...schema, additionalProperties: false })
    const [asking, simple] = github.requests.map(({ body }) => check(JSON.parse(body)))
    expect([asking, simple]).toEqual([false, true])
  })

  it('is not asked again where GitHub has said what is wrong', async () => {
    const workflow_files = { 'deploy.yml': { refs: ['main'], inputs: ['region'] } }
    const { github, send } = await setUp({ workflow_files })
    expect(await send()).toMatchObject({ class: 'permanent', status: 422 })
    expect(github.requests).toHaveLength(1)
  })
})

describe('what GitHub refuses', () => {
  const workflow_files = {
    'deploy.yml': { refs: ['main', 'v1'], inputs: ['payload'] },
    'push-only.yml': { refs: ['main'], inputs: null },
  }

  it.each([
    [
      { workflow: 'gone.yml' },
      404,
      /finds no workflow gone\.yml at main in acme\/serving/,
      /"Actions: Read and write"/,
    ],
    [
      { workflow: 'push-only.yml' },
      422,
      /does not have 'workflow_dispatch' trigger/,
      /Add `workflow_dispatch` under `on:`/,
    ],
    [{ ref: 'v2' }, 422, /No ref found for: v2/, /branch or tag of acme\/serving into `ref`/],
    [{ inputs: { region: 'eu' } }, 422, /Unexpected inputs provided: \["region"\]/, /Declare these inputs/],
  ])('fails for good with what to do: %j', async (given, status, message, fix) => {
    const { send } = await setUp({ workflow_files })
    const result = await send(given)
    expect(result).toMatchObject({ class: 'permanent', status })
    expect(result.message).toMatch(message)
    expect(result.fix).toMatch(fix)
  })

  it.each([
    ["Required input 'region' not provided", /Correct `inputs`/],
    ["Cannot trigger a 'workflow_dispatch' on a disabled workflow", /Enable the workflow/],
    [
      'you may only define up to 10 `inputs` for a `workflow_dispatch` event',
      /GitHub Enterprise Server up to 3\.19 only 10/,
    ],
    ['inputs are too large.', /Correct `inputs`/],
    ['Something that nobody has seen yet', /Correct `workflow`, `ref` or `inputs`/],
  ])('fails for good with what to do: %s', async (text, fix) => {
    const { github, send } = await setUp()
    github.failAlways({ kind: 'custom', status: 422, body: JSON.stringify({ message: text }) })
    const result = await send()
    expect(result).toMatchObject({ class: 'permanent', status: 422 })
    expect(result.message).toContain(text)
    expect(result.fix).toMatch(fix)
  })

  it('is never taken from a proxy: its pages are tried again', async () => {
    const { github, send } = await setUp()
    for (const name of ['page-404', 'page-422', 'page-of-a-proxy'] as const) {
      github.failNext({ kind: 'answer', name })
      expect(await send()).toMatchObject({ class: 'ambiguous' })
    }
  })

  it('pauses the lane as for every dispatch when it is a limit', async () => {
    const { github, send } = await setUp()
    github.failNext({ kind: 'answer', name: 'secondary-limit-retry-after' })
    expect(await send()).toMatchObject({ class: 'limited', retry_after_ms: 90_000 })
  })

  it('names no address that is more than an address', async () => {
    const { github, send } = await setUp()
    const answer = { workflow_run_id: 5, html_url: 'https://github.com/a](https://evil.example) <!channel>' }
    github.failNext({ kind: 'custom', status: 200, body: JSON.stringify(answer) })
    expect(await send()).toMatchObject({ class: 'success', message: 'Run 5 has started' })
  })
})

describe('the input payload', () => {
  it('is the client_payload of a repository_dispatch', () => {
    expect(payloadOf({ parameters: { region: 'eu' } })).toMatchObject({
      alias: 'production',
      model_event: {
        schema: 'model-dispatch/1',
        delivery_id: 'dlv_1',
        delivery_url: 'https://dispatch.example/api/v1/deliveries/dlv_1',
        parameters: { region: 'eu' },
        truncated: [],
      },
    })
  })

  it('is understood by the Action as it arrives, without an input of its step', async () => {
    const { github, send } = await setUp()
    await send({ parameters: { region: 'eu' } })
    const [started] = github.workflows.started
    const { exit_code, outputs } = await runAction({
      event: { inputs: started?.inputs, ref: 'refs/heads/main' },
    })
    expect(exit_code).toBe(0)
    expect(outputs).toMatchObject({ matched: 'true', alias: 'production', 'delivery-id': 'dlv_1' })
  })

  it('loses metadata first, and says so, where quotes double what is sent', () => {
    const metadata = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`metric "${n}"`, `"${n}"`]))
    const event = aliasEvent({ metadata, extra: { a: 'kept' } })
    expect(JSON.stringify(metadata).length).toBeGreaterThan(65_000)
    const { model_event } = payloadOf({}, event)
    expect(model_event).toMatchObject({ extra: { a: 'kept' }, truncated: ['model_event.metadata.*'] })
  })

  it('leaves all inputs together within 65,000 characters, whatever they hold', () => {
    const long = fc.constantFrom(
      '"'.repeat(20_000),
      '\\'.repeat(9_000),
      '\n'.repeat(20_000),
      '😀'.repeat(30_000),
    )
    const text = fc.oneof(fc.string({ unit: 'binary' }), long)
    fc.assert(
      fc.property(text, text, (hostile, metadata) => {
        const event = { ...eventOf(hostile), metadata: { a: metadata, b: { c: [metadata] } } }
        const inputs = inputsOf({ inputs: { region: 'x'.repeat(20_000) } }, event)
        expect(JSON.stringify(inputs).length).toBeLessThanOrEqual(65_000)
        expect(JSON.parse(inputs['payload'] ?? '')).toHaveProperty('model_event.delivery_id', 'dlv_1')
      }),
      { numRuns: 25 },
    )
  })

  it('uses the room that there is', () => {
    const metadata = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`metric_${n}`, n]))
    expect(JSON.stringify(inputsOf({}, aliasEvent({ metadata }))).length).toBeGreaterThan(62_000)
  })

  it('is not sent beside inputs that turn out too large', () => {
    const event = aliasEvent({ metadata: { large: 'x'.repeat(40_000) } })
    expect(() => inputsOf({ inputs: { all: '${event.metadata}' } }, event)).toThrow(
      /inputs of the workflow are too large/,
    )
  })
})
