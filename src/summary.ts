import type { ReceivedEnvelope } from './contract/read-client-payload.ts'
import type { ModelEvent } from './contract/model-event.ts'
import { escapeHtml } from './printable.ts'
import type { Result } from './run.ts'
import { safeUrl } from './safe-values.ts'
import { UNGUARDED, effectOf } from './story.ts'

/** Longest value in the summary, in characters. */
const VALUE_LENGTH = 300

/**
 * Returns the step's summary: what happened, what this run does about it, and a table of what the event says, every
 * value as text. Values of the payload stand in `<code>` and are escaped, so none of them becomes a mention, an image
 * or a heading; a plain https address becomes a link that shows where it goes.
 */
export function summaryHtml(result: Result): string {
  const { received, outputs } = result
  const rows = received === null ? [] : rowsOf(received.event, received.envelope, outputs.environment)
  const table = rows.map(([name, cell]) => `<tr><th align="left">${name}</th><td>${cell}</td></tr>`)
  return [
    `<h3>${headingOf(result)}</h3>`,
    `<p>${effectHtml(result)}</p>`,
    ...(table.length > 0 ? [`<table>${table.join('')}</table>`] : []),
    '',
  ].join('\n')
}

function headingOf({ reason, received }: Result): string {
  if (received === null) return 'No model event'
  const title = escapeHtml(received.event.title || received.event.type)
  return reason === 'matched' ? title : `Not for this step: ${title}`
}

function effectHtml({ reason, message, outputs }: Result): string {
  if (reason === 'matched') return escapeHtml(effectOf(outputs.environment))
  return `${escapeHtml(message)} <code>${reason}</code><br>${UNGUARDED}`
}

/** Each row with the HTML of its cell; what the event does not say has none. */
function rowsOf(event: ModelEvent, envelope: ReceivedEnvelope, environment: string): [string, string][] {
  const { model, change } = event
  const rows: [string, string][] = [
    ['Event', code(`${event.type} (${event.kind})`)],
    ['By', code(event.author)],
    ['Model', code(model?.name)],
    ['Version', code(model?.version)],
    ['Version before', code(change.previous_version)],
    ['Alias', code(change.alias)],
    ['Tag', code(change.tag)],
    ['Stage', code(stageText(event))],
    ['Environment', code(environment)],
    ['Artifact', code(model?.pinned ?? model?.reference)],
    ['Model page', link(model?.url, model?.url)],
    ['Source', code(event.source.name)],
    ['Automation', code(envelope.automation)],
    ['Delivery', link(envelope.delivery_url, envelope.delivery_id) || code(envelope.delivery_id)],
    ['Cut to fit', code(envelope.truncated.join(', '))],
  ]
  return rows.filter(([, cell]) => cell !== '')
}

function stageText({ change }: ModelEvent): string | null {
  const { from_stage, to_stage } = change
  return from_stage === null || to_stage === null ? to_stage : `${from_stage} -> ${to_stage}`
}

/** The text as code, the empty text where there is none. */
function code(text: string | null | undefined): string {
  if (text === null || text === undefined || text === '') return ''
  const characters = Array.from(text)
  const cut = characters.length > VALUE_LENGTH ? `${characters.slice(0, VALUE_LENGTH).join('')}…` : text
  return `<code>${escapeHtml(cut)}</code>`
}

/** A link under the text, the empty text where the address is no plain https one. Its host shows where it leads. */
function link(url: string | null | undefined, text: string | null | undefined): string {
  const address = safeUrl(url ?? '')
  if (address === '') return ''
  const host = text === url ? '' : ` at ${code(new URL(address).host)}`
  return `<a href="${escapeHtml(address)}">${code(text)}</a>${host}`
}
