import { TITLE_LIMIT, type ModelEvent } from './model-event.ts'

/** The parts of an event that its title is made of. */
export type Titled = Pick<ModelEvent, 'type' | 'kind' | 'author' | 'test' | 'model' | 'change' | 'run'>

const PART_LIMIT = 60

/** Most titles: words of ASCII with single blanks between them. */
const ONE_LINE = /^[!-~]+(?: [!-~]+)*$/

/**
 * Returns one line for a person, without control characters, at most 120 characters: `resnet50 v3 -> production by
 * jane`.
 */
export function eventTitle(event: Titled): string {
  const what = sentence(event)
  const by = event.author === null ? '' : ` by ${part(event.author)}`
  return titleText(`${event.test ? 'Test: ' : ''}${what}${by}`)
}

/** Returns any text as a title: on one line, without control characters, at most 120 characters. */
export function titleText(text: string): string {
  return clip(oneLine(text), TITLE_LIMIT)
}

function sentence(event: Titled): string {
  const { alias, to_stage } = event.change
  const model = subject(event)
  const registry = part(event.model?.registry ?? event.model?.project ?? 'a collection')
  switch (event.kind) {
    case 'model.created':
    case 'version.created':
      return `${model} created`
    case 'version.linked':
      return `${model} linked to ${registry}`
    case 'version.unlinked':
      return `${model} unlinked from ${registry}`
    case 'alias.added':
      return `${model} -> ${part(alias ?? 'an alias')}`
    case 'alias.removed':
      return `${model} is no longer ${part(alias ?? 'aliased')}`
    case 'tag.added':
      return `${model} tagged ${tags(event)}`
    case 'tag.removed':
      return `${model} untagged ${tags(event)}`
    case 'stage.changed':
      return `${model} -> ${part(to_stage ?? 'another stage')}`
    case 'stage.requested':
      return `${model} -> ${part(to_stage ?? 'another stage')} requested`
    case 'comment.created':
      return `Comment on ${model}`
    case 'run.changed':
      return run(event)
    default:
      return event.model === null ? event.type : `${event.type}: ${model}`
  }
}

function subject({ model }: Titled): string {
  const name = part(model?.name ?? 'A model')
  return model?.version == null ? name : `${name} ${part(model.version)}`
}

function tags({ change }: Titled): string {
  return part(change.tags.length > 0 ? change.tags.slice(0, PART_LIMIT).join(', ') : (change.tag ?? ''))
}

function run({ run }: Titled): string {
  const words = ['name', 'status', 'metric_name'].map((key) => run?.[key])
  return ['Run', ...words.filter((word) => typeof word === 'string').map(part)].join(' ')
}

function part(text: string): string {
  return clip(text, PART_LIMIT)
}

/** Returns a text on one line that shows what it is: control and bidirectional characters become spaces. */
export function oneLine(text: string): string {
  if (ONE_LINE.test(text)) return text
  return text
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** Returns at most `limit` UTF-16 code units of a text, cut with a mark and never inside a surrogate pair. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
