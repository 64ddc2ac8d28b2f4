import { isObject } from '../../src/contract/clean-json.ts'
import { decodeDatabricksBody } from '../../src/contract/databricks/body.ts'
import { OWN_SOURCE, type Json, type JsonObject } from '../../src/contract/model-event.ts'
import { EVERY_SOURCE, type AutomationSpec } from '../automations/automation.ts'
import { OWN_SOURCE_CONFIG, sampleAlert } from '../deliveries/alerts.ts'
import { understandRequest } from '../ingest/understand.ts'
import type { SourceConfig } from '../config/config.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Source } from '../runtime/sources.ts'
import { DATABRICKS_SAMPLES } from '../sources/databricks/samples.ts'
import type { Identity } from '../sources/identity.ts'
import { modelDispatch } from '../sources/model-dispatch.ts'
import type { SourceEvent } from '../sources/source.ts'

/** The event to try an automation with. */
export interface SampleWish {
  /** The registry's own name of an event, or a kind; null: the first that the automation names and that has a sample. */
  event: string | null
  /** The source that it comes from; null: the first of the automation that can give it. */
  source: string | null
  /** A body of one's own, as the registry would send it; null: the sample of the source. */
  body: Json | null
}

/** An event to try an automation with. */
export interface Sample {
  source: Pick<SourceConfig, 'name' | 'type'>
  found: SourceEvent
}

/** There is no such sample. The message says which there are. */
export class NoSample extends Error {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'NoSample'
    this.fix = fix
  }
}

/**
 * Returns the event to try an automation with.
 *
 * @throws NoSample where no source of the automation has one; NotAnEvent where the body given cannot be read.
 */
export function sampleFor(runtime: Runtime, spec: AutomationSpec, wish: SampleWish, now: number): Sample {
  const named =
    wish.source ?? (spec.sources.includes(OWN_SOURCE) && spec.sources.length === 1 ? OWN_SOURCE : null)
  if (named === OWN_SOURCE) return alertFor(spec, wish)
  const sources = sourcesOf(runtime, spec, named)
  for (const source of sources) {
    const found = wish.body === null ? sampleOf(source, spec, wish.event, now) : ownBody(source, wish, now)
    if (found !== null) return { source: source.config, found }
  }
  const events = [...new Set(sources.flatMap(({ samples }) => Object.keys(samples)))]
  const what = wish.event === null ? `any of ${spec.events.join(', ')}` : wish.event
  throw new NoSample(
    `No source of this automation has a sample of ${what}.`,
    events.length === 0
      ? 'Give a `body` and the `source` that sends it.'
      : `Give an \`event\` of ${events.join(', ')}; or a \`body\` of your own and the \`source\` that sends it.`,
  )
}

/** Returns the sources that a sample may come from, as the automation names them. */
function sourcesOf(runtime: Runtime, spec: AutomationSpec, named: string | null): Source[] {
  const every = spec.sources.includes(EVERY_SOURCE) ? [...runtime.sources.keys()] : spec.sources
  const names = named === null ? every : [named]
  const sources = names.flatMap((name) => runtime.sources.get(name) ?? [])
  if (named !== null && sources.length === 0)
    throw new NoSample(
      `There is no source ${named}.`,
      `Name one of ${[...runtime.sources.keys()].join(', ')}.`,
    )
  return sources
}

function sampleOf(
  source: Source,
  spec: AutomationSpec,
  event: string | null,
  now: number,
): SourceEvent | null {
  const wanted = event === null ? spec.events : [event]
  const types = Object.keys(source.samples)
  const type = wanted
    .map((name) =>
      name === '*' ? types[0] : types.find((one) => one === name || source.events[one] === name),
    )
    .find((one) => one !== undefined)
  const body = type === undefined ? undefined : source.samples[type]
  return body === undefined ? null : read(source, body, null, now)
}

function ownBody(source: Source, { event, body }: SampleWish, now: number): SourceEvent | null {
  return read(source, body, event, now)
}

/** Returns the first event of a body. `stated` is the event that the webhook's URL would state. */
function read(source: Source, body: Json, stated: string | null, now: number): SourceEvent | null {
  const query = new URLSearchParams(stated === null ? {} : { event: stated })
  const webhook = { body: Buffer.from(JSON.stringify(body)), headers: {}, query, now }
  return understandRequest(source, webhook).found[0] ?? null
}

function alertFor(spec: AutomationSpec, { event, body }: SampleWish): Sample {
  const types = Object.keys(modelDispatch.events)
  const type = event ?? spec.events.find((name) => types.includes(name)) ?? types[0] ?? ''
  if (body !== null || !types.includes(type))
    throw new NoSample(
      `${OWN_SOURCE} sends no ${body === null ? type : 'body of your own'}.`,
      `Give an \`event\` of ${types.join(', ')}.`,
    )
  return { source: OWN_SOURCE_CONFIG, found: sampleAlert(type) }
}

/**
 * Returns an event as Databricks would send it to try a registry webhook.
 *
 * @param type one of Databricks' names.
 */
export function databricksSample(
  type: string,
  { model_name, webhook_id, now }: { model_name: string; webhook_id: string; now: number },
): Sample {
  const sample = DATABRICKS_SAMPLES[type]
  const body: JsonObject = isObject(sample) ? sample : { event: type }
  const given = { ...body, model_name, webhook_id, event_timestamp: now }
  const decoded = decodeDatabricksBody(given, null)
  const identity: Identity = {
    rule: 'delivery',
    key: webhook_id,
    value: webhook_id,
    window_ms: 0,
    body_hash: null,
  }
  const found: SourceEvent = { ...decoded, identity, home: null, dispatch_type: null }
  return { source: { name: 'databricks', type: 'databricks' }, found }
}
