import { format, resolveConfig } from 'prettier'
import { stringify } from 'yaml'
import { z } from 'zod'
import type { DestinationType } from '../../receiver/destinations/destination.ts'
import type { SourceType } from '../../receiver/sources/source.ts'

/** The marks around the part of a page that comes from what a type declares. */
const BEGIN = '<!-- declared: written by `npm run docs` from what the type declares -->'
const END = '<!-- /declared -->'

/** A page about one source type or one destination type. */
export interface TypePage {
  /** From the top of the project: `docs/sources/wandb.md`. */
  path: string
  /** The page's first heading, where there is no page yet. */
  title: string
  /** The declared part, in Markdown, formatted. */
  declared: string
}

/** Returns the lists of all types, each row with a link to its page, as whole pages by their paths. */
export async function typeLists(
  sources: ReadonlyMap<string, SourceType>,
  destinations: ReadonlyMap<string, DestinationType>,
): Promise<Map<string, string>> {
  const listed = (types: Iterable<{ type: string; title: string }>) =>
    Array.from(types, ({ type, title }) => `| \`${type}\` | [${title}](${type}.md) |`)
  const page = async (title: string, what: string, rows: string[]) =>
    `${await pretty([`# ${title}`, what, ['| `type` | |', '| --- | --- |', ...rows].join('\n')].join('\n\n'))}\n`
  return new Map([
    [
      'docs/sources/README.md',
      await page('Sources', 'Who can send: one page for each registry.', listed(sources.values())),
    ],
    [
      'docs/destinations/README.md',
      await page('Destinations', 'Where an event can go: one page for each.', listed(destinations.values())),
    ],
  ])
}

/** Returns the page of each source type and each destination type. */
export async function typePages(
  sources: ReadonlyMap<string, SourceType>,
  destinations: ReadonlyMap<string, DestinationType>,
): Promise<TypePage[]> {
  const pages = [...[...sources.values()].map(sourcePage), ...[...destinations.values()].map(destinationPage)]
  return Promise.all(pages.map(async (page) => ({ ...page, declared: await pretty(page.declared) })))
}

/** Returns the declared part of a page as it stands there, or null where the page has none. */
export function declaredPart(text: string): string | null {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  return begin < 0 || end < begin ? null : text.slice(begin + BEGIN.length, end).trim()
}

/** Returns the page with its declared part replaced; a page that does not exist yet (null) is begun. */
export function withDeclaredPart(text: string | null, { title, declared }: TypePage): string {
  const part = `${BEGIN}\n\n${declared}\n\n${END}`
  if (text === null) return `# ${title}\n\n${part}\n`
  const old = declaredPart(text)
  if (old === null) return `${text.trimEnd()}\n\n${part}\n`
  return `${text.slice(0, text.indexOf(BEGIN))}${part}${text.slice(text.indexOf(END) + END.length)}`
}

function sourcePage(source: SourceType): TypePage {
  const [sample] = Object.values(source.samples)
  const events = Object.entries(source.events).map(([event, kind]) => `| \`${event}\` | \`${kind}\` |`)
  const parts = [
    '## Set it up in the registry',
    source.setup.replaceAll('{url}', `https://HOST/webhooks/NAME`),
    '## Events',
    'Automations name an event or its neutral kind in `events`.',
    ['| Event | Kind |', '| --- | --- |', ...events].join('\n'),
    ...(Object.keys(source.settings).length === 0
      ? []
      : [
          '## Keys of its own',
          'Beside the [keys of every source](../configuration.md#sourcesname):',
          keysOf(z.object(source.settings)),
        ]),
    ...(sample === undefined
      ? []
      : ['## What the registry sends', `\`\`\`json\n${JSON.stringify(sample)}\n\`\`\``]),
  ]
  return { path: `docs/sources/${source.type}.md`, title: source.title, declared: parts.join('\n\n') }
}

interface Property {
  description?: string
  default?: unknown
  const?: unknown
}

function destinationPage(type: DestinationType): TypePage {
  const answers = type.answers.map(({ id, class: meaning }) => `| \`${id}\` | \`${meaning}\` |`)
  const parts = [
    type.guide,
    `\`\`\`yaml\n${exampleOf(type)}\`\`\``,
    '## Keys',
    keysOf(type.settings),
    `The \`order\` of an automation with this destination is \`${type.order}\` unless it names another.`,
    '## Answers',
    `What each answer of the other side means, by [class](../http-api.md#class-of-an-attempt). The first that applies
     counts.`,
    ['| Answer | Class |', '| --- | --- |', ...answers].join('\n'),
  ]
  return { path: `docs/destinations/${type.type}.md`, title: type.title, declared: parts.join('\n\n') }
}

/** A whole configuration around the example of a destination. */
function exampleOf({ type, example }: DestinationType): string {
  return stringify({
    version: 1,
    sources: { wandb: { type: 'wandb', secrets: ['${env:WANDB_WEBHOOK_SECRET}'] } },
    automations: [
      {
        name: `${type.replaceAll('_', '-')}-example`,
        events: ['ADD_ARTIFACT_ALIAS'],
        filter: { alias: 'production' },
        destinations: [example],
      },
    ],
  })
}

function keysOf(settings: z.ZodType): string {
  const schema = z.toJSONSchema(settings, { io: 'input' }) as {
    properties?: Record<string, Property>
    required?: string[]
  }
  const required = new Set(schema.required)
  const rows = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const what = property.description ?? `Always \`${String(property.const)}\`.`
    return `| \`${key}\` | ${defaultOf(property, required.has(key))} | ${what} |`
  })
  return ['| Key | Default | What it is |', '| --- | --- | --- |', ...rows].join('\n')
}

function defaultOf({ default: value }: Property, required: boolean): string {
  if (required) return 'required'
  return value === undefined || value === null ? '' : `\`${JSON.stringify(value).replaceAll('"', '')}\``
}

async function pretty(markdown: string): Promise<string> {
  const style = await resolveConfig(import.meta.filename)
  return (await format(markdown, { ...style, parser: 'markdown' })).trim()
}
