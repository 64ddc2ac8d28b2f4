import fc from 'fast-check'
import type { KnownBlock } from '@slack/types'
import { describe, expect, it } from 'vitest'
import { slack } from '../../receiver/destinations/slack.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { patience } from '../github/connections.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { senderOf, target } from './context.ts'
import { aliasEvent, delivery } from './event.ts'
import { alertEvent, eventOf, HOSTILE } from './messages.ts'

interface Message {
  text: string
  mrkdwn: boolean
  unfurl_links: boolean
  unfurl_media: boolean
  blocks: KnownBlock[]
}

const URL_OF = (base: string) => `${base}/services/T000/B000/the-secret-part-of-the-url`

/** Sends an event, and returns what arrived at Slack's side with the result of the attempt. */
async function post(event: ModelEvent, keys: Record<string, unknown> = {}) {
  const there = await target()
  const env = { SLACK_URL: URL_OF(there.url) }
  const input = delivery({ type: 'slack', url: '${env:SLACK_URL}', ...keys }, { event, flat: {} })
  const result = await senderOf('slack', { env }).send(input, patience())
  const [arrival] = there.arrived
  return { result, message: JSON.parse(arrival?.body.toString() ?? 'null') as Message, arrival }
}

/** What Slack says of an answer. */
async function answered(status: number, body: string, headers: Record<string, string> = {}) {
  const there = await target()
  there.answer((response) => response.writeHead(status, headers).end(body))
  const env = { SLACK_URL: URL_OF(there.url) }
  const input = delivery({ type: 'slack', url: '${env:SLACK_URL}' })
  return senderOf('slack', { env }).send(input, patience())
}

/** Every text object and every plain string under a key, anywhere in the blocks. */
function texts(value: unknown, key = ''): { key: string; text: string }[] {
  if (typeof value === 'string') return [{ key, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => texts(item, Array.isArray(value) ? key : name))
}

describe('a message in Slack', () => {
  it('says what changed, to which model and version, and by whom, in plain text', async () => {
    const event = aliasEvent()
    const { message, arrival } = await post(event)
    expect(arrival).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const
    const fields = [
      'Event: ADD_ARTIFACT_ALIAS',
      `Model: ${event.model?.name ?? ''}`,
      `In: ${event.model?.entity ?? ''}/${event.model?.project ?? ''}`,
      `Version: ${event.model?.version ?? ''}`,
      'Alias: production',
      'By: jane',
      'Automation: deploy-production (source wandb)',
    ]
    const blocks = [
      { type: 'header', text: plain(event.title.replaceAll('>', '&gt;')) },
      { type: 'section', fields: fields.map(plain) },
    ] satisfies KnownBlock[]
    expect(message.blocks).toEqual(blocks)
    expect(message).toMatchObject({ mrkdwn: false, unfurl_links: false, unfurl_media: false })
  })

  it('tells of an alert what happened, why, and what to do, with a link to the receiver', async () => {
    const { message } = await post(
      alertEvent({ url: 'https://dispatch.example.com/api/v1/deliveries/dlv_9' }),
    )
    const shown = texts(message.blocks).map(({ text }) => text)
    expect(shown).toEqual(
      expect.arrayContaining([
        'Cause: There is no such repository.',
        'What to do: Correct its name, then replay the event.',
        'https://dispatch.example.com/api/v1/deliveries/dlv_9',
      ]),
    )
    expect(message.text).toBe('Model Dispatch: delivery to acme/serving failed: there is no such repository')
  })

  it('links to no address that a registry sent', async () => {
    const event = { ...aliasEvent(), extra: { url: 'https://evil.example/' } }
    const { message } = await post(event)
    expect(JSON.stringify(message)).not.toContain('evil.example')
  })

  it('cuts what is longer than Slack takes, with a mark', async () => {
    const { message } = await post(eventOf('m'.repeat(5_000)))
    const [header] = message.blocks
    expect(header).toMatchObject({ text: { text: `${'m'.repeat(149)}…` } })
    for (const { text } of texts(message.blocks)) expect(text.length).toBeLessThanOrEqual(2_000)
    for (const block of message.blocks) {
      if (block.type === 'section') expect(block.fields?.length).toBeLessThanOrEqual(10)
    }
  })
})

describe('nothing of an event becomes a mention, a link or markup in Slack', () => {
  const blocks = [
    {
      type: 'section',
      text: { type: 'mrkdwn', text: '*New*: ${artifact_collection_name} by ${event_author}' },
    },
    { type: 'context', elements: [{ type: 'mrkdwn', text: '${event.model.name}' }] },
    { type: 'image', image_url: 'https://img.example/${alias}.png', alt_text: '${alias}' },
  ]

  it.each(HOSTILE)('for %j', async (hostile) => {
    for (const keys of [{}, { blocks }]) {
      const { message } = await post(eventOf(hostile), keys)
      for (const { text } of texts(message)) {
        expect(text).not.toMatch(/[<>]/)
        expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/)
      }
    }
  })

  it('for any text in any field', () => {
    const sender = senderOf('slack', { env: { SLACK_URL: 'https://hooks.slack.com/services/x' } })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const keys of [{}, { blocks }]) {
          const input = delivery(
            { type: 'slack', url: '${env:SLACK_URL}', ...keys },
            { event: eventOf(text) },
          )
          const { body } = sender.render(input)
          for (const { text: shown } of texts(body)) expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
        }
      }),
    )
  })

  it('also where Slack formats: marks at the edge of a word look alike, those inside it stay', async () => {
    const text = '${artifact_collection_name}'
    const one = [{ type: 'section', text: { type: 'mrkdwn', text } }]
    const { message } = await post(eventOf('*bold* _it_ resnet_50_v2 `code`'), { blocks: one })
    expect(message.blocks).toEqual([
      {
        type: 'section',
        text: { type: 'mrkdwn', text: '∗bold∗ ˍitˍ resnet_50_v2 ˋcodeˋ', verbatim: true },
      },
    ])
  })

  it('and an address with a word in it keeps its host', async () => {
    const block = { type: 'image', image_url: 'https://img.example/${alias}', alt_text: 'x' }
    const { message } = await post(eventOf('@evil.example/../?x'), { blocks: [block] })
    expect(message.blocks[0]).toMatchObject({ image_url: 'https://img.example/%40evil.example%2F..%2F%3Fx' })
  })
})

describe('the blocks of W&B’s documents', () => {
  it('work as they are', async () => {
    const { blocks } = jsonFixture('payloads', 'wandb', 'template-slack-blocks-docs.json')
    const { message } = await post(aliasEvent(), { blocks })
    const text = (value: string) => ({ type: 'mrkdwn', text: value, verbatim: true }) as const
    expect(message.blocks).toEqual([
      { type: 'section', text: text('Registry event: ADD_ARTIFACT_ALIAS') },
      { type: 'section', text: text(`New version: ${aliasEvent().model?.reference ?? ''}`) },
      { type: 'divider' },
      { type: 'section', text: text('Author: jane') },
    ] satisfies KnownBlock[])
  })
})

describe('an answer of Slack', () => {
  it('`ok` is done, and shows nothing of the secret address', async () => {
    const result = await answered(200, 'ok')
    expect(result).toMatchObject({ class: 'success', message: '' })
    expect(JSON.stringify(result)).not.toContain('the-secret-part')
  })

  it.each([
    [400, 'invalid_blocks', 'permanent', 'block-kit-builder'],
    [400, 'invalid_payload', 'permanent', 'block-kit-builder'],
    [403, 'action_prohibited', 'permanent', 'administrator'],
    [403, 'invalid_token', 'permanent', 'Copy the URL again'],
    [404, 'no_service', 'permanent', 'Copy the URL again'],
    [404, 'channel_not_found', 'permanent', 'another channel'],
    [410, 'channel_is_archived', 'permanent', 'Unarchive'],
    [400, 'some_new_error', 'permanent', 'Correct what it names'],
    [200, '<html>proxy</html>', 'ambiguous', 'no proxy answers'],
    [500, 'rollup_error', 'ambiguous', 'tried again'],
  ])('%i %s is %s', async (status, body, meaning, fix) => {
    expect(await answered(status, body)).toMatchObject({
      class: meaning,
      status,
      fix: expect.stringContaining(fix) as string,
    })
  })

  it('429 makes the URL wait as long as Slack asks', async () => {
    expect(await answered(429, 'rate_limited', { 'retry-after': '30' })).toMatchObject({
      class: 'limited',
      retry_after_ms: 30_000,
    })
  })

  it('has a row for each word that it documents, and every row has its fix', () => {
    const words = slack.answers.map(({ id }) => id)
    expect(words).toEqual(
      expect.arrayContaining(['invalid_blocks', 'channel_is_archived', 'no_service', 'action_prohibited']),
    )
  })
})

describe('the settings of slack', () => {
  const problems = (blocks: unknown) => {
    const settings = slack.settings.parse({ type: 'slack', url: '${env:SLACK_URL}', blocks })
    return slack
      .check(settings, { connections: new Map(), checkUrl: () => null })
      .map(({ message }) => message)
  }

  it('refuse more blocks than Slack takes, a block without type, and a host from an event', () => {
    expect(problems(Array.from({ length: 51 }, () => ({ type: 'divider' })))).toEqual([
      'has 51 blocks, and Slack takes at most 50',
    ])
    expect(problems([{ text: 'x' }])).toEqual(['has no `type`'])
    expect(problems([{ type: 'image', image_url: 'https://${alias}/x', alt_text: '' }])).toEqual([
      'holds an address whose host an event could choose: https://${alias}/x',
    ])
  })

  it('send one message a second to one URL', () => {
    const sender = senderOf('slack', { env: { SLACK_URL: 'https://hooks.slack.com/services/a/b/c' } })
    const {
      policy,
      target: shown,
      lane,
    } = sender.target(delivery({ type: 'slack', url: '${env:SLACK_URL}' }))
    expect(policy).toEqual({ concurrency: 1, interval_ms: 1_000 })
    expect([shown, lane].join()).not.toContain('services')
  })
})
