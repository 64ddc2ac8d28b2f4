import { escapeHtml } from './printable.ts'
import type { Result } from './run.ts'

/** Longest value in the summary, in characters. */
const VALUE_LENGTH = 300

/**
 * The step's summary: a table of what the event says, every value as text. Values of the payload stand in `<code>`
 * and are escaped, so none of them becomes a link, a mention, an image or a heading.
 */
export function summaryHtml({ reason, message, received }: Result): string {
  const heading = reason === 'matched' ? 'Model event' : 'No model event for this step'
  const rows = received === null ? [] : rowsOf(received)
  const table = rows.map(([name, value]) => `<tr><th align="left">${name}</th><td>${code(value)}</td></tr>`)
  return [
    `<h3>${heading}</h3>`,
    `<p>${escapeHtml(message)} <code>${reason}</code></p>`,
    ...(table.length > 0 ? [`<table>${table.join('')}</table>`] : []),
    '',
  ].join('\n')
}

function rowsOf({ event, envelope }: NonNullable<Result['received']>): [string, string][] {
  const { model, change } = event
  const rows: [string, string | null | undefined][] = [
    ['Event', `${event.type} (${event.kind})`],
    ['Source', event.source.name],
    ['Model', model?.name],
    ['Version', model?.version],
    ['Artifact', model?.pinned ?? model?.reference],
    ['Alias', change.alias],
    ['Tag', change.tag],
    ['Stage', change.to_stage && `${change.from_stage ?? ''} -> ${change.to_stage}`],
    ['Author', event.author],
    ['Link', model?.url?.startsWith('https://') === true ? model.url : null],
    ['Automation', envelope.automation],
    ['Delivery', envelope.delivery_id],
    ['Cut to fit', envelope.truncated.join(', ')],
  ]
  return rows.filter((row): row is [string, string] => Boolean(row[1]))
}

function code(text: string): string {
  const characters = Array.from(text)
  const cut = characters.length > VALUE_LENGTH ? `${characters.slice(0, VALUE_LENGTH).join('')}…` : text
  return `<code>${escapeHtml(cut)}</code>`
}
