import { cleanJson, cleanObject, eventName, isObject, textOf } from '../../../src/contract/clean-json.ts'
import { eventTitle } from '../../../src/contract/event-title.ts'
import {
  NO_CHANGE,
  NO_MODEL,
  type DecodedEvent,
  type EventKind,
  type Json,
  type JsonObject,
  type ModelChange,
} from '../../../src/contract/model-event.ts'
import { statedEvent, type WebhookRequest } from '../source.ts'
import { kindOf } from './kind.ts'
import { follow, parsePath } from './path.ts'
import { FIELD_NAMES, type FieldName, type FieldPlaces, type Kinds, type Place } from './settings.ts'
import { timeOf } from './time.ts'

/** An event of a body that the configuration describes. */
export interface FieldEvent {
  event: DecodedEvent
  /** The advice where the body names no type, else null. */
  hint: string | null
  /** The fields that are configured, as text ("" when absent); `event_type` is the event's name. */
  flat: Record<string, string>
}

/** The rules that a body is read by. */
export interface FieldRules {
  places: FieldPlaces
  kinds: Kinds
}

/** The most events that one request may hold; a longer list is one event that says so. */
export const MOST_EVENTS = 1_000

const NO_TYPE = 'No event type was found in the body where `fields.type` of this source points to'
const TOO_MANY = `The body holds more than ${MOST_EVENTS} events: send them in several requests`

/** Understands a body as the configuration describes it: one event or more. Never throws. */
export function decodeByFields(body: Json, request: WebhookRequest, rules: FieldRules): FieldEvent[] {
  const rows: Row[] = []
  for (const item of itemsOf(body, rules.places.items)) {
    const count = rowCount(body, item, rules.places)
    if (rows.length + count > MOST_EVENTS) return [unknown(TOO_MANY)]
    for (let index = 0; index < count; index++) rows.push(new Row({ body, item, index, request }))
  }
  return rows.map((row) => decodeRow(row, rules))
}

/** The elements of the list of events, or what there is instead of one. Never empty. */
function itemsOf(body: Json, items: string | undefined): Json[] {
  if (items === undefined) return [body]
  const list = follow(body, parsePath(items)?.steps ?? [])
  if (Array.isArray(list)) return list.length === 0 ? [{}] : list
  return [list ?? {}]
}

/** How many events one item is: as many as the longest list that a field takes each element of. */
function rowCount(body: Json, item: Json, places: FieldPlaces): number {
  const lengths = FIELD_NAMES.map((name) => {
    const path = pathOf(places[name])
    const list = path?.each == null ? undefined : follow(path.from_body ? body : item, path.steps)
    return Array.isArray(list) ? list.length : 0
  })
  return Math.max(1, ...lengths)
}

const pathOf = (place: Place | undefined) => (typeof place === 'string' ? parsePath(place) : null)

/** Where the fields of one event are looked up. */
class Row {
  readonly #at: { body: Json; item: Json; index: number; request: WebhookRequest }

  constructor(at: { body: Json; item: Json; index: number; request: WebhookRequest }) {
    this.#at = at
  }

  get item(): Json {
    return this.#at.item
  }

  get stated(): string | null {
    return statedEvent(this.#at.request)
  }

  value(place: Place | undefined): Json | undefined {
    if (place === undefined) return undefined
    const { body, item, index, request } = this.#at
    if (typeof place !== 'string') return request.headers[place.header.toLowerCase()]
    const path = parsePath(place)
    if (path === null) return undefined
    const value = follow(path.from_body ? body : item, path.steps)
    if (path.each === null) return value
    return Array.isArray(value) ? follow(value[index], path.each) : undefined
  }

  text(place: Place | undefined): string | null {
    return textOf(this.value(place))
  }
}

function decodeRow(row: Row, { places, kinds }: FieldRules): FieldEvent {
  const type = eventName(row.stated) ?? typeOf(row, places.type)
  if (type === null) return unknown(NO_TYPE, row.item)
  const text = (name: FieldName) => row.text(places[name])
  const tags = tagsOf(row.value(places.tag))
  const kind = kindOf(type, kinds, { alias: text('alias'), tag: tags[0] ?? null })
  const metadata = cleanJson(row.value(places.metadata) ?? null)
  const event = {
    type,
    kind,
    author: text('author'),
    occurred_at: timeOf(row.value(places.occurred_at)),
    test: false,
    own: false,
    model: decodeModel(text),
    change: decodeChange(kind, text, tags),
    run: null,
    metadata: isObject(metadata) ? metadata : {},
  }
  return {
    event: { ...event, title: eventTitle(event), extra: restOf(row.item, places) },
    hint: null,
    flat: flatFields(type, row, places),
  }
}

function typeOf(row: Row, places: Place | readonly Place[] | undefined): string | null {
  const all = places === undefined ? [] : Array.isArray(places) ? (places as Place[]) : [places as Place]
  const words = all.map((place) => row.text(place)).filter((word) => word !== null)
  return eventName(words.join('.'))
}

function decodeModel(text: (name: FieldName) => string | null): DecodedEvent['model'] {
  const url = text('url')
  const model = {
    ...NO_MODEL,
    entity: text('entity'),
    project: text('project'),
    registry: text('registry'),
    name: text('model'),
    version: text('version'),
    id: text('id'),
    url: url !== null && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : null,
  }
  return Object.values(model).some((value) => value !== null) ? model : null
}

/** Only what belongs to the event's kind; of a kind that is not known here, all there is. */
function decodeChange(
  kind: EventKind,
  text: (name: FieldName) => string | null,
  tags: string[],
): ModelChange {
  const open = kind === 'other' || kind.startsWith('prompt')
  const of = (prefix: string) => open || kind.startsWith(prefix)
  return {
    ...NO_CHANGE,
    alias: of('alias.') ? text('alias') : null,
    tag: of('tag.') ? (tags[0] ?? null) : null,
    tags: of('tag.') ? tags : [],
    from_stage: of('stage.') ? text('from_stage') : null,
    to_stage: of('stage.') ? text('stage') : null,
  }
}

/** A tag, or a list of them. */
function tagsOf(value: Json | undefined): string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.map((each) => textOf(each)).filter((tag) => tag !== null)
}

/** The rest: the keys of the item that no path is the whole of. */
function restOf(item: Json, places: FieldPlaces): JsonObject {
  if (!isObject(item)) return {}
  const taken = new Set(Object.values(places).flat())
  return cleanObject(Object.entries(item).filter(([key]) => !taken.has(key)))
}

function flatFields(type: string, row: Row, places: FieldPlaces): Record<string, string> {
  const names = FIELD_NAMES.filter((name) => places[name] !== undefined && name !== 'metadata')
  return Object.fromEntries([
    ['event_type', type],
    ...names.map((name) => [name, row.text(places[name]) ?? ''] as const),
  ])
}

function unknown(hint: string, item: Json = {}): FieldEvent {
  const event = {
    type: 'UNKNOWN',
    kind: 'other' as const,
    author: null,
    occurred_at: null,
    test: false,
    own: false,
    model: null,
    change: { ...NO_CHANGE, tags: [] },
    run: null,
    metadata: {},
  }
  const extra = isObject(item) ? cleanObject(Object.entries(item)) : {}
  return { event: { ...event, title: eventTitle(event), extra }, hint, flat: { event_type: 'UNKNOWN' } }
}
