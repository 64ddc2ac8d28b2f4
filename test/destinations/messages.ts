import { NO_CHANGE, OWN_SOURCE, type ModelEvent } from '../../src/contract/model-event.ts'
import { aliasEvent } from './event.ts'

/** An alert of the receiver's own, as it raises them. */
export function alertEvent(extra: ModelEvent['extra'] = {}): ModelEvent {
  return aliasEvent({
    source: { name: OWN_SOURCE, type: OWN_SOURCE },
    type: 'delivery.failed',
    kind: 'other',
    title: 'delivery to acme/serving failed: there is no such repository',
    author: null,
    own: true,
    model: null,
    change: { ...NO_CHANGE, tags: [] },
    metadata: {},
    extra: {
      automation: 'deploy-production',
      target: 'acme/serving',
      delivery_id: 'dlv_9',
      reason: 'There is no such repository.',
      fix: 'Correct its name, then replay the event.',
      ...extra,
    },
  })
}

/** Names that a hostile registry could send, for every text of an event. */
export const HOSTILE = [
  '<!channel>',
  '<!here|here>',
  '<@U012AB3CD>',
  '<https://evil.example/x|Click>',
  'https://evil.example/x',
  '[Click](https://evil.example/x)',
  '<a href="https://evil.example/x">Click</a>',
  '<at>Everyone</at>',
  '**bold** *bold* _italic_ ~strike~ `code`',
  ':rotating_light: &amp;lt;!channel&amp;gt;',
  '{{DATE(2026-01-01T00:00:00Z, SHORT)}}',
  'a\n# Heading\n- list\n> quote',
  '${alias} ${SECRET} ${env:HOME}',
]

/** An event of which every text is this one. */
export function eventOf(text: string): ModelEvent {
  const event = aliasEvent()
  return {
    ...event,
    title: text,
    author: text,
    type: text,
    model: { ...event.model, name: text, entity: text, project: text, version: text } as ModelEvent['model'],
    change: { ...NO_CHANGE, alias: text, tag: text, tags: [text], comment: text, previous_version: text },
  }
}
