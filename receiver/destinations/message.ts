import { oneLine } from '../../src/contract/event-title.ts'
import { OWN_SOURCE, type ModelEvent } from '../../src/contract/model-event.ts'
import type { DeliveryInput } from './destination.ts'

/** The message to a person about an event, before it is dressed for Slack or Teams. */
export interface Message {
  /** A single line. */
  title: string
  /** The facts, in order: a name and a value each. */
  facts: readonly (readonly [name: string, value: string])[]
  /** An address of the receiver's own that tells more, or null. Never one from a payload. */
  link: string | null
}

/** Returns what to tell of an event: of a registry's what changed, of the receiver's own alert what to do. */
export function messageOf({ event, automation }: Pick<DeliveryInput, 'event' | 'automation'>): Message {
  const isAlert = event.source.type === OWN_SOURCE
  const facts = isAlert ? alertFacts(event) : registryFacts(event, automation)
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [[name, oneLine(value)] as const]))
  const title = isAlert ? `Model Dispatch: ${event.title}` : event.title
  return { title: oneLine(title), facts: known, link: isAlert ? httpsLink(event.extra['url']) : null }
}

type Fact = readonly [string, string | null]

function registryFacts({ type, author, source, model, change }: ModelEvent, automation: string): Fact[] {
  const place = [model?.entity, model?.project].filter((part) => part != null).join('/')
  const stage =
    change.from_stage === null ? change.to_stage : `${change.from_stage} -> ${change.to_stage ?? '?'}`
  return [
    ['Event', type],
    ['Model', model?.name ?? null],
    ['In', place === '' ? null : place],
    ['Version', model?.version ?? null],
    ['Alias', change.alias],
    ['Stage', stage],
    ['Tag', change.tags.length > 0 ? change.tags.join(', ') : change.tag],
    ['Previous version', change.previous_version],
    ['Comment', change.comment],
    ['By', author],
    ['Automation', `${automation} (source ${source.name})`],
  ]
}

function alertFacts({ type, extra }: ModelEvent): Fact[] {
  const text = (key: string) => {
    const value = extra[key]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const { problems } = extra
  return [
    ['What', type],
    [
      'Cause',
      text('reason') ??
        (Array.isArray(problems) ? problems.filter((one) => typeof one === 'string').join('; ') : null),
    ],
    ['What to do', text('fix')],
    ['Source', text('source')],
    ['Automation', text('automation')],
    ['Target', text('target')],
    ['Lane', text('lane')],
    ['Until', text('until')],
    ['Delivery', text('delivery_id')],
  ]
}

function httpsLink(value: unknown): string | null {
  return typeof value === 'string' && value.startsWith('https://') && URL.canParse(value) ? value : null
}
