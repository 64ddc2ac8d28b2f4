import { z } from 'zod'
import { clip } from '../../src/contract/event-title.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { VERSION } from '../observe/version.ts'
import { secretUrl } from '../secrets/settings.ts'
import { httpDestination } from './http-destination.ts'
import type { HttpInput } from './http-spec.ts'
import type { HttpAnswerRow } from './http-answers.ts'
import { messageOf, type Message } from './message.ts'

/** So that a card stays below the 28 KB that Teams takes, in characters. */
const LIMITS = { title: 200, value: 500 }

const settings = z.strictObject({
  type: z.literal('teams'),
  url: secretUrl(
    'The URL of a workflow that posts cards, or of an old connector. The whole URL is a secret.',
  ),
  card: z
    .enum(['adaptive', 'message_card'])
    .default('adaptive')
    .describe('`message_card` is the form of the retired Office 365 connectors.'),
})

type Settings = z.infer<typeof settings>

const GUIDE = `Posts a card to a channel or chat of Microsoft Teams.

1. In Teams: the channel's _… > Workflows_, then _Post to a channel when a webhook request is received_ (its name varies
   with the version of Teams).
2. Choose team and channel, and copy the URL into an environment variable, here \`TEAMS_URL\`. Its query holds a
   signature: whoever has the URL can post.

A delivery is done when the workflow has taken the request (202). Whether it then posted the card is in its run history
in Power Automate; Teams does not tell the sender.

The card says what changed, to which model and version, and by whom; of the receiver's own alerts what happened, why, and
what to do. What an event holds stays text in it: no mention, no link, no Markdown. A text of more than ${LIMITS.value}
characters is cut, and ends with \`…\`.
`

/** Posts a card to Microsoft Teams by a workflow. https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook */
export const teams = httpDestination<Settings>({
  type: 'teams',
  title: 'Microsoft Teams',
  order: 'none',
  settings,
  example: { type: 'teams', url: '${env:TEAMS_URL}', card: 'adaptive' },
  guide: GUIDE,
  address: ({ url }) => ({ key: 'url', text: url }),
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
  answers: teamsAnswers(),
})

function bodyOf(input: HttpInput<Settings>): JsonObject {
  const message = messageOf(input)
  if (input.settings.card === 'message_card') return messageCard(message)
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: adaptiveCard(message),
      },
    ],
  }
}

/** Runs of text are shown as they are; the texts of other elements would be read as Markdown. */
function adaptiveCard({ title, facts, link }: Message): JsonObject {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: 'Model Dispatch',
    msteams: { width: 'Full' },
    body: [
      richText([{ type: 'TextRun', text: clip(title, LIMITS.title), weight: 'Bolder', size: 'Medium' }]),
      ...facts.map(([name, value]) =>
        richText([
          { type: 'TextRun', text: `${name}: `, weight: 'Bolder' },
          { type: 'TextRun', text: clip(value, LIMITS.value) },
        ]),
      ),
    ],
    ...(link === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: link }] }),
  }
}

function richText(inlines: JsonObject[]): JsonObject {
  return { type: 'RichTextBlock', inlines }
}

/** https://learn.microsoft.com/outlook/actionable-messages/message-card-reference */
function messageCard({ title, facts, link }: Message): JsonObject {
  return {
    '@type': 'MessageCard',
    '@context': 'http://schema.org/extensions',
    summary: withoutMarkup(clip(title, LIMITS.title)),
    sections: [
      {
        activityTitle: withoutMarkup(clip(title, LIMITS.title)),
        facts: facts.map(([name, value]) => ({ name, value: withoutMarkup(clip(value, LIMITS.value)) })),
        markdown: false,
      },
    ],
    ...(link === null
      ? {}
      : {
          potentialAction: [{ '@type': 'OpenUri', name: 'Open', targets: [{ os: 'default', uri: link }] }],
        }),
  }
}

/** Old cards read some HTML even where Markdown is off. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function teamsAnswers(): HttpAnswerRow[] {
  return [
    {
      id: 'taken',
      applies: ({ status }) => status === 202,
      class: 'success',
      message: () =>
        'The flow has taken it. Whether it posted the card is in its run history in Power Automate.',
      fix: () => '',
    },
    {
      id: 'connector-limited',
      // An old connector answers 200 with the error of what is behind it.
      applies: ({ status, body }) => status === 200 && /HTTP error 429/i.test(body),
      class: 'limited',
      message: (_, { host }) => `${host} asks to slow down.`,
      fix: () => 'Nothing to do: deliveries go on after the wait.',
    },
    {
      id: 'connector-failed',
      applies: ({ status, body }) => status === 200 && /\bHTTP error \d{3}/i.test(body),
      class: 'ambiguous',
      message: (_, { host }) => `${host} could not post the card.`,
      fix: () => 'Make a workflow in Teams, put its URL into the secret: the old connectors are retired.',
    },
    {
      id: 'flow-off',
      applies: ({ status, body }) =>
        status === 400 && /WorkflowTriggerIsNotEnabled|WorkflowDisabled/.test(body),
      class: 'permanent',
      message: () => 'The flow is switched off (HTTP 400).',
      fix: () => 'Switch it on in Power Automate, then redeliver.',
    },
    {
      id: 'flow-gone',
      applies: ({ status, body }) => status === 404 || (status === 400 && /WorkflowNotFound/.test(body)),
      class: 'permanent',
      message: ({ status }) => `The flow of this URL is gone (HTTP ${status}).`,
      fix: () => 'Make a new workflow in Teams, put its URL into the secret, then redeliver.',
    },
    {
      id: 'card-refused',
      applies: ({ status, body }) => status === 400 && /TriggerInputSchemaMismatch/.test(body),
      class: 'permanent',
      message: () => 'The flow expects another body (HTTP 400).',
      fix: () =>
        'Use the template "Post to a channel when a webhook request is received" for the flow, or `card: message_card` for an old connector. Then replay the event.',
    },
  ]
}
