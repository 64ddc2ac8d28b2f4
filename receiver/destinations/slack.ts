import { z } from 'zod'
import { isObject } from '../../src/contract/clean-json.ts'
import { clip } from '../../src/contract/event-title.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { VERSION } from '../observe/version.ts'
import { secretUrl } from '../secrets/settings.ts'
import { problemAt } from './check-templates.ts'
import type { SettingsProblem } from './destination.ts'
import { httpDestination } from './http-destination.ts'
import type { HttpInput } from './http-spec.ts'
import type { HttpValues } from './http-values.ts'
import { messageOf, type Message } from './message.ts'
import { SLACK_ANSWERS } from './slack-answers.ts'

/** Slack's limits, in characters: https://docs.slack.dev/reference/block-kit/blocks */
const LIMITS = { blocks: 50, header: 150, field: 2_000, text: 3_000, fallback: 3_000 }

const settings = z.strictObject({
  type: z.literal('slack'),
  url: secretUrl('The URL of an incoming webhook of Slack. The whole URL is a secret.'),
  blocks: z
    .array(z.record(z.string(), z.json()))
    .min(1)
    .nullable()
    .default(null)
    .describe('Blocks of your own (Block Kit), each a template. Default: what changed, as a list of facts.'),
})

type Settings = z.infer<typeof settings>

const GUIDE = `Posts a message to one channel of Slack.

1. On https://api.slack.com/apps: _Create New App > From scratch_, with your workspace.
2. _Incoming Webhooks_: switch them on, then _Add New Webhook to Workspace_, and choose the channel.
3. Copy the URL into an environment variable, here \`SLACK_URL\`. Whoever has it can post to the channel.

A message counts as done when Slack answers \`ok\`. At most one message a second is sent to one URL, as Slack asks.

Without \`blocks\` the message says what changed, to which model and version, and by whom; of the receiver's own alerts what
happened, why, and what to do. In \`blocks\` of your own, what a word of the event holds stays text: it cannot mention
anybody, become a link or be formatted. A text longer than Slack takes is cut, and ends with \`…\`.
`

/** Posts a message to a channel of Slack by an incoming webhook. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const slack = httpDestination<Settings>({
  type: 'slack',
  title: 'Slack',
  order: 'none',
  settings,
  example: {
    type: 'slack',
    url: '${env:SLACK_URL}',
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: 'Registry event: ${event_type}' } },
      { type: 'section', text: { type: 'mrkdwn', text: 'New version: ${artifact_version_string}' } },
      { type: 'divider' },
      { type: 'section', text: { type: 'mrkdwn', text: 'Author: ${event_author}' } },
    ],
  },
  guide: GUIDE,
  address: ({ url }) => ({ key: 'url', text: url }),
  templates: ({ blocks }) => ({ blocks }),
  check: checkBlocks,
  policy: { concurrency: 1, interval_ms: 1_000 },
  request: (input) => ({
    method: 'POST',
    url: input.url,
    body: bodyOf(input),
    headers: () => ({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': `model-dispatch/${VERSION}`,
    }),
  }),
  answers: SLACK_ANSWERS,
})

function bodyOf(input: HttpInput<Settings>): JsonObject {
  const { blocks } = input.settings
  const message = messageOf(input)
  return {
    // Shown in notifications, and where blocks cannot be.
    text: slackText(clip(message.title, LIMITS.fallback)),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: blocks === null ? ownBlocks(message) : blocks.map((block) => filled(block, input.values)),
  }
}

function ownBlocks({ title, facts, link }: Message): JsonObject[] {
  const [most, ...rest] = [facts.slice(0, 10), facts.slice(10)]
  return [
    { type: 'header', text: plain(title, LIMITS.header) },
    ...[most, ...rest]
      .filter((group) => group.length > 0)
      .map((group) => ({
        type: 'section',
        fields: group.map(([name, value]) => plain(`${name}: ${value}`, LIMITS.field)),
      })),
    ...(link === null
      ? []
      : [{ type: 'actions', elements: [{ type: 'button', text: plain('Open', 75), url: link }] }]),
  ]
}

/** Text that Slack shows as it is: no mention, link, emoji or formatting is read in it. */
function plain(text: string, limit: number): JsonObject {
  return { type: 'plain_text', text: slackText(clip(text, limit)), emoji: false }
}

/** Keys of blocks that hold addresses. */
const ADDRESSES = ['url', 'image_url', 'thumbnail_url', 'video_url', 'title_url', 'author_url']

/** A block with its words filled: what an event holds stays text wherever it comes to stand. */
function filled(block: JsonObject, values: HttpValues): JsonObject {
  const fill = (value: Json, key: string, path: string): Json => {
    if (typeof value === 'string') return fillText(value, key, { path, values })
    if (Array.isArray(value)) return value.map((item, i) => fill(item, key, `${path}[${i}]`))
    return isObject(value) ? fillObject(value, path) : value
  }
  const fillObject = (object: JsonObject, path: string): JsonObject => {
    const entries = Object.entries(object).map(([key, value]) => [key, fill(value, key, `${path}.${key}`)])
    const done = Object.fromEntries(entries) as JsonObject
    // Without this, Slack looks for addresses and names in the text by itself.
    return done['type'] === 'mrkdwn' ? { ...done, verbatim: true } : done
  }
  return fillObject(block, 'blocks')
}

function fillText(text: string, key: string, { path, values }: { path: string; values: HttpValues }): string {
  const isAddress = ADDRESSES.includes(key)
  const value = values.text(text, { path, encode: isAddress ? encodeURIComponent : unformatted })
  return key === 'text' ? clip(value, LIMITS.text) : value
}

/** Escapes what Slack reads as the beginning of a mention or a link: https://docs.slack.dev/messaging/formatting-message-text */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Characters that begin or end formatting at the edge of a word, with others that look alike. */
const LOOKS_LIKE = new Map([
  ['*', '∗'],
  ['_', 'ˍ'],
  ['~', '∼'],
  ['`', 'ˋ'],
])

/** Text for a place where Slack formats: inside a word (`resnet_50`) the characters mean nothing and stay. */
function unformatted(text: string): string {
  const atEdge = /(?<![\p{L}\p{N}])[*_~`]|[*_~`](?![\p{L}\p{N}])/gu
  return slackText(text.replace(atEdge, (mark) => LOOKS_LIKE.get(mark) ?? mark))
}

function checkBlocks({ blocks }: Settings): SettingsProblem[] {
  if (blocks === null) return []
  if (blocks.length > LIMITS.blocks) {
    const message = `has ${blocks.length} blocks, and Slack takes at most ${LIMITS.blocks}`
    return problemAt('blocks', { message, fix: 'Put several texts into one section.' })
  }
  return blocks.flatMap((block, index): SettingsProblem[] => [
    ...(typeof block['type'] === 'string'
      ? []
      : [{ path: ['blocks', index], message: 'has no `type`', fix: 'Write e.g. `type: section`.' }]),
    ...steeredAddresses(block).map((address) => ({
      path: ['blocks', index],
      message: `holds an address whose host an event could choose: ${address}`,
      fix: 'Write the scheme and the host out, e.g. https://wandb.ai/${entity_name}.',
    })),
  ])
}

/** The addresses anywhere in a block whose host is not written out. */
function steeredAddresses(value: Json, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => steeredAddresses(item, key))
  if (isObject(value)) return Object.entries(value).flatMap(([name, item]) => steeredAddresses(item, name))
  if (typeof value !== 'string' || !ADDRESSES.includes(key)) return []
  return /^https:\/\/[^/?#$\\]+(?:[/?#]|$)/i.test(value) ? [] : [value]
}
