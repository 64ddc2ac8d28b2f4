import { describe, expect, it, onTestFinished } from 'vitest'
import type { GitHubConnection } from '../../receiver/github/connection.ts'
import { RenderError, type DeliveryInput, type Sender } from '../../receiver/destinations/destination.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { patience, TOKEN, tokenConnection } from '../github/connections.ts'
import { startGitHub, type StandInOptions } from '../standins/github/index.ts'
import { senderOf } from './context.ts'
import { aliasEvent, connections, delivery, dispatchKeys as keys } from './event.ts'

const PUBLIC_URL = 'https://dispatch.example/models'

/** A sender that never gets as far as the network. */
function offline(given: ReadonlyMap<string, GitHubConnection> = connections): Sender {
  return senderOf('repository_dispatch', { connections: given, public_url: PUBLIC_URL })
}

describe('where a repository_dispatch goes', () => {
  it('is the repository, in the lane of the connection', () => {
    expect(offline().target(delivery(keys()))).toEqual({
      target: 'acme/serving',
      listener: 'https://api.github.com ',
      lane: 'github-connection:api.github.com:main',
      policy: { concurrency: 1, interval_ms: 1000 },
    })
  })

  it('is heard by whoever listens to its event type as written, so two of them are two subjects', () => {
    const listener = (event_type: string | null) => offline().target(delivery(keys({ event_type }))).listener
    expect(listener('deploy-eu')).not.toBe(listener('deploy-us'))
    expect(listener('deploy-eu')).not.toBe(listener(null))
  })

  it('may depend on the event', () => {
    const input = delivery(keys({ repository: 'acme/${artifact_collection_name}-serving' }))
    expect(offline().target(input).target).toBe('acme/resnet50-serving')
  })

  it.each([
    '',
    '.',
    '..',
    'a/b',
    '../../other/repo',
    'a b',
    'x'.repeat(101),
    'a\nb',
    '${alias}',
    'é',
    'a?b#c',
  ])('is never a repository called %j', (name) => {
    const event = aliasEvent({ metadata: { repo: name } })
    const input = delivery(keys({ repository: 'acme/${event.metadata.repo}' }), { event })
    expect(() => offline().target(input)).toThrow(RenderError)
    expect(() => offline().render(input)).toThrow(RenderError)
  })

  it('is never outside of the connection', () => {
    const event = aliasEvent({ metadata: { repo: 'secrets' } })
    const input = delivery(keys({ repository: 'Globex/${event.metadata.repo}' }), { event })
    expect(() => offline().target(input)).toThrow(
      /Globex\/secrets is not among the `repositories` of GitHub connection main/,
    )
  })

  it('needs a connection that still exists', () => {
    const input = delivery(keys({ connection: 'gone' }))
    expect(() => offline().target(input)).toThrow(/no GitHub connection gone any more/)
  })
})

describe('what a repository_dispatch sends', () => {
  const body = (given: Record<string, unknown>, more: Partial<DeliveryInput> = {}) =>
    offline().render(delivery(keys(given), more)).body as {
      event_type: string
      client_payload: Record<string, unknown>
    }

  it('goes to the address of the connection', () => {
    const { method, url } = offline().render(delivery(keys({ connection: 'ghes', repository: 'ml/serving' })))
    expect(`${method} ${url}`).toBe('POST https://github.corp.example/api/v3/repos/ml/serving/dispatches')
  })

  it("is the registry's event with its documented keys by default", () => {
    const { event_type, client_payload } = body({ parameters: { region: 'eu' } })
    expect(event_type).toBe('ADD_ARTIFACT_ALIAS')
    expect(Object.keys(client_payload)).toHaveLength(10)
    expect(client_payload).toMatchObject({
      alias: 'production',
      model_event: {
        schema: 'model-dispatch/1',
        id: 'evt_1',
        delivery_id: 'dlv_1',
        delivery_url: `${PUBLIC_URL}/api/v1/deliveries/dlv_1`,
        automation: 'deploy-production',
        parameters: { region: 'eu' },
        subject_key: 'aa11',
        dedupe_key: 'bb22',
      },
    })
  })

  it("has the body's own event type where it has one, unless the destination names another", () => {
    const more = { dispatch_type: 'BUILD_AND_DEPLOY' }
    expect(body({}, more).event_type).toBe('BUILD_AND_DEPLOY')
    expect(body({ event_type: 'deploy-${alias}' }, more).event_type).toBe('deploy-production')
  })

  it('is a payload of your own, with model_event beside it', () => {
    const { client_payload } = body({
      client_payload: { model: '${artifact_collection_name}', accuracy: '${event.metadata.accuracy}' },
    })
    expect(client_payload).toMatchObject({
      model: 'resnet50',
      accuracy: 0.97,
      model_event: { delivery_id: 'dlv_1' },
    })
  })

  it('is nothing but your own payload with model_event: false', () => {
    expect(body({ client_payload: { a: '${alias}' }, model_event: false }).client_payload).toEqual({
      a: 'production',
    })
  })

  it('never expands what an event holds', () => {
    const event = aliasEvent({ author: '${event.metadata.accuracy} ${env:HOME}' })
    expect(
      body({ client_payload: { by: '${event_author}' }, model_event: false }, { event, flat: {} })
        .client_payload,
    ).toEqual({
      by: '${event.metadata.accuracy} ${env:HOME}',
    })
  })

  it.each([
    ['too long', 'x'.repeat(101), /101/],
    ['empty', '', /empty/],
  ])('is refused with an event type that turns out %s', (_, value, message) => {
    const event = aliasEvent({ metadata: { type: value } })
    const input = delivery(keys({ event_type: '${event.metadata.type}' }), { event })
    expect(() => offline().render(input)).toThrow(message)
    expect(() => offline().render(input)).toThrow(RenderError)
  })

  it('is refused with a payload that turns out too large', () => {
    const event = aliasEvent({ metadata: { large: 'x'.repeat(70_000) } })
    const input = delivery(keys({ client_payload: { all: '${event.metadata}' } }), { event })
    expect(() => offline().render(input)).toThrow(RenderError)
  })

  it('shows no token that an event carries', () => {
    const event = aliasEvent({ author: TOKEN })
    expect(JSON.stringify(body({}, { event }))).not.toContain(TOKEN)
  })
})

describe('sending a repository_dispatch', () => {
  async function setUp(options: StandInOptions = {}, given: Partial<GitHubConnection> = {}) {
    const github = await startGitHub(options)
    onTestFinished(() => github.close())
    const hub = createGitHub()
    const connection = tokenConnection({ api_url: github.url, ...given })
    const sender = senderOf('repository_dispatch', {
      connections: new Map([['main', connection]]),
      github: hub,
    })
    return { github, hub, sender, connection }
  }

  it('arrives as GitHub describes it', async () => {
    const { github, sender } = await setUp()
    const result = await sender.send(delivery(keys({ parameters: { region: 'eu' } })), patience())
    expect(result).toMatchObject({ class: 'success', status: 204, message: '' })
    expect(github.violations).toEqual([])
    expect(github.dispatches).toMatchObject([
      {
        repository: 'acme/serving',
        event_type: 'ADD_ARTIFACT_ALIAS',
        client_payload: {
          artifact_collection_name: 'resnet50',
          model_event: { parameters: { region: 'eu' } },
        },
      },
    ])
  })

  it('fails for good, before anything is sent, when the event gives no repository', async () => {
    const { github, sender } = await setUp()
    const event = aliasEvent({ metadata: { repo: '../x' } })
    const result = await sender.send(
      delivery(keys({ repository: 'acme/${event.metadata.repo}' }), { event }),
      patience(),
    )
    expect(result).toMatchObject({ class: 'permanent', status: null, response: null, retry_after_ms: null })
    expect(result.message).toContain('cannot exist on GitHub')
    expect(result.fix).not.toBe('')
    expect(github.dispatches).toEqual([])
  })

  it('goes where its revision says, although no automation names that repository any more', async () => {
    const { sender, github } = await setUp({}, { repositories: ['acme/other'], listed: false })
    expect(await sender.send(delivery(keys()), patience())).toMatchObject({ class: 'success' })
    expect(github.dispatches).toMatchObject([{ repository: 'acme/serving' }])
  })

  it('fails when a list that somebody wrote does not hold the repository any more', async () => {
    const { sender, github } = await setUp({}, { repositories: ['acme/other'], listed: true })
    const result = await sender.send(delivery(keys()), patience())
    expect(result).toMatchObject({ class: 'permanent', status: null })
    expect(result.message).toMatch(/acme\/serving is not among the `repositories` of GitHub connection main/)
    expect(result.fix).toMatch(/Add acme\/serving to `repositories`.*then redeliver/)
    expect(github.dispatches).toEqual([])
  })

  it('waits for a connection that is gone for the moment', async () => {
    const { sender } = await setUp({}, { name: 'other' })
    const result = await sender.send(delivery(keys({ connection: 'ghes' })), patience())
    expect(result).toMatchObject({ class: 'credentials', status: null })
    expect(result.message).toBe('There is no GitHub connection ghes any more.')
    expect(result.fix).toMatch(/^Configure `github\.ghes` again, and its deliveries go on by themselves/)
  })

  it('moves to the lane of the user as soon as GitHub has said who it is', async () => {
    const { sender, hub, connection, github } = await setUp({ users: { [TOKEN]: 'Jane' } })
    await hub.resolveIdentity(connection)
    const host = new URL(github.url).host
    expect(sender.target(delivery(keys()))).toMatchObject({
      lane: `github-user:${host}:jane`,
      policy: { concurrency: 1, interval_ms: 1000 },
    })
  })
})
