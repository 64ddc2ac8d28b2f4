import { createRequire } from 'node:module'
import type * as adaptivecards from 'adaptivecards'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import { patience } from '../github/connections.ts'
import { senderOf, target } from './context.ts'
import { aliasEvent, delivery } from './event.ts'
import { alertEvent, eventOf, HOSTILE } from './messages.ts'

/** Microsoft's own parser of cards; its package is made for bundlers. */
const { AdaptiveCard } = createRequire(import.meta.url)(
  'adaptivecards/dist/adaptivecards.js',
) as typeof adaptivecards

/** What is wrong with a card by Microsoft's parser. */
function faultsOf(card: JsonObject): string[] {
  const parsed = new AdaptiveCard()
  parsed.parse(card)
  return parsed.validateProperties().validationEvents.map(({ message }) => message)
}

const PATH = '/workflows/abc/triggers/manual/paths/invoke?sig=the-signature-in-the-query'

async function post(event: ModelEvent, keys: Record<string, unknown> = {}) {
  const there = await target()
  there.answer((response) => response.writeHead(202).end())
  const env = { TEAMS_URL: `${there.url}${PATH}` }
  const input = delivery({ type: 'teams', url: '${env:TEAMS_URL}', ...keys }, { event, flat: {} })
  const result = await senderOf('teams', { env }).send(input, patience())
  return { result, body: JSON.parse(there.arrived[0]?.body.toString() ?? 'null') as JsonObject }
}

async function answered(status: number, body: string) {
  const there = await target()
  there.answer((response) => response.writeHead(status).end(body))
  const env = { TEAMS_URL: `${there.url}${PATH}` }
  return senderOf('teams', { env }).send(delivery({ type: 'teams', url: '${env:TEAMS_URL}' }), patience())
}

/** The one card of a message to a workflow. */
function cardOf(body: JsonObject): JsonObject {
  expect(body).toMatchObject({
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null }],
  })
  const [attachment] = body['attachments'] as { content: JsonObject }[]
  if (attachment === undefined) throw new Error('There is no card.')
  return attachment.content
}

/** The types of all elements in a card. */
function typesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type } = value as { type?: unknown }
  return [...(typeof type === 'string' ? [type] : []), ...Object.values(value).flatMap(typesOf)]
}

describe('a card in Teams', () => {
  it('says what changed, to which model and version, and by whom', async () => {
    const card = cardOf((await post(aliasEvent())).body)
    const lines = (card['body'] as { inlines: { text: string }[] }[]).map(({ inlines }) =>
      inlines.map(({ text }) => text).join(''),
    )
    expect(lines).toEqual([
      aliasEvent().title,
      'Event: ADD_ARTIFACT_ALIAS',
      'Model: resnet50',
      'In: my-team/model-registry',
      'Version: v3',
      'Alias: production',
      'By: jane',
      'Automation: deploy-production (source wandb)',
    ])
    expect(faultsOf(card)).toEqual([])
  })

  it('tells of an alert what happened, why, and what to do, with a link to the receiver', async () => {
    const url = 'https://dispatch.example.com/api/v1/deliveries/dlv_9'
    const card = cardOf((await post(alertEvent({ url }))).body)
    expect(JSON.stringify(card)).toContain('Correct its name, then replay the event.')
    expect(card['actions']).toEqual([{ type: 'Action.OpenUrl', title: 'Open', url }])
    expect(faultsOf(card)).toEqual([])
  })

  it.each(HOSTILE)(
    'shows %j as text: no element in it reads Markdown, mentions or functions',
    async (hostile) => {
      const card = cardOf((await post(eventOf(hostile))).body)
      expect(new Set(typesOf(card))).toEqual(new Set(['AdaptiveCard', 'RichTextBlock', 'TextRun']))
      expect(card).not.toHaveProperty('msteams.entities')
      expect(faultsOf(card)).toEqual([])
    },
  )

  it('is without a fault, and below 28 KB, for any text in any field', () => {
    const sender = senderOf('teams', { env: { TEAMS_URL: 'https://x.example/flow' } })
    const long = fc.constantFrom(
      '界'.repeat(3_000),
      '\u0000'.repeat(3_000),
      '😀'.repeat(3_000),
      '"'.repeat(3_000),
    )
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), long), (text) => {
        const input = delivery({ type: 'teams', url: '${env:TEAMS_URL}' }, { event: eventOf(text), flat: {} })
        const { body } = sender.render(input)
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(28_000)
      }),
    )
  })

  it('may be of the old form, with Markdown off and HTML escaped', async () => {
    const { body } = await post(eventOf('<b>**x**</b>'), { card: 'message_card' })
    expect(body).toMatchObject({ '@type': 'MessageCard', summary: '&lt;b&gt;**x**&lt;/b&gt;' })
    expect(body['sections']).toMatchObject([{ markdown: false, activityTitle: '&lt;b&gt;**x**&lt;/b&gt;' }])
  })
})

describe('an answer of Teams', () => {
  it('202 is done, and says that the flow has taken it', async () => {
    const { result } = await post(aliasEvent())
    expect(result).toMatchObject({
      class: 'success',
      status: 202,
      message: expect.stringContaining('The flow has taken it') as string,
    })
    expect(JSON.stringify(result)).not.toContain('the-signature-in-the-query')
  })

  it.each([
    [200, '1', 'success'],
    [
      200,
      'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429',
      'limited',
    ],
    [200, 'Microsoft Teams endpoint returned HTTP error 500', 'ambiguous'],
    [400, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', 'permanent'],
    [400, '{"error":{"code":"TriggerInputSchemaMismatch"}}', 'permanent'],
    [404, '{"error":{"code":"WorkflowNotFound"}}', 'permanent'],
    [401, '{"error":{"code":"DirectApiAuthorizationRequired"}}', 'credentials'],
    [429, '', 'limited'],
    [502, '', 'ambiguous'],
  ])('%i %s is %s', async (status, body, meaning) => {
    const result = await answered(status, body)
    expect(result.class).toBe(meaning)
    if (meaning === 'permanent') expect(result.fix).toMatch(/redeliver|replay/)
  })
})
