import { inline } from '../secrets/redact.ts'
import { callApi } from './api.ts'
import type { CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'

/** How many deliveries one call takes at most, so that each is answered in time. */
const STEP = 200
/** How many of a dry run are listed. */
const FIRST = 20

/** The action on many. */
export interface BulkCall {
  /** Below `/api/v1`. */
  path: string
  /** The filters of the API that the command takes as options, by the option's name. */
  filters: Readonly<Record<string, string>>
  /** Whether one call has no bound of its own. */
  bounded: boolean
  /** Returns what the counts mean, in sentences. */
  tell: (counts: Counts, dry_run: boolean) => string[]
}

/** How many the API has counted, by the name in its answer. */
export type Counts = ReadonlyMap<string, number>

/** The outcome of all calls together. */
interface Sum {
  counts: Map<string, number>
  by_target: Map<string, number>
  first: unknown[]
  stale_first: unknown[]
}

/**
 * Does something to everything that the options name, or says what it would do: that needs `--yes`.
 * @throws CommandError
 */
export async function runBulk(call: BulkCall, options: CommandArguments['options']): Promise<ExitCode> {
  const dry_run = options['yes'] !== true
  if (!dry_run && options['dry-run'] === true)
    throw new CommandError('--dry-run and --yes are both given.', 'Give one of the two.')
  const body = bodyOf(call, options)
  const sum: Sum = { counts: new Map(), by_target: new Map(), first: [], stale_first: [] }
  await callAll(call, { url: textOption(options, 'url'), body: { ...body, dry_run } }, sum)
  if (options['json'] === true) console.log(JSON.stringify(resultOf(sum, dry_run)))
  else print(call, sum, dry_run)
  return EXIT.ok
}

function bodyOf(
  { filters, bounded }: BulkCall,
  options: CommandArguments['options'],
): Record<string, unknown> {
  const all = options['all'] === true
  const [since, until] = [timeOption(options, 'since'), timeOption(options, 'until')]
  if (since === null && !all)
    throw new CommandError(
      '--since is missing.',
      'Say from when on, such as --since 2h, or --all for everything that is kept.',
    )
  if (since !== null && all)
    throw new CommandError('--since and --all are both given.', 'Give one of the two.')
  const chosen = Object.entries(filters).flatMap(([option, filter]) => {
    const text = textOption(options, option)
    return text === null ? [] : [[filter, text]]
  })
  return {
    ...(Object.fromEntries(chosen) as Record<string, string>),
    ...(all ? { all } : { since }),
    ...(until === null ? {} : { until }),
    ...(options['force'] === true ? { force: true } : {}),
    ...(bounded ? {} : { limit: STEP }),
  }
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Returns a time as the API takes it: `2h` is two hours ago by the clock of this machine. */
function timeOption(options: CommandArguments['options'], name: string): string | null {
  const text = textOption(options, name)
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text ?? '') ?? []
  if (number === undefined) return text
  return new Date(Date.now() - Number(number) * UNITS[unit as keyof typeof UNITS]).toISOString()
}

/** Calls until nothing is left. */
async function callAll(
  { path, tell }: BulkCall,
  { url, body }: { url: string | null; body: Record<string, unknown> },
  sum: Sum,
): Promise<void> {
  let cursor: unknown
  do {
    const more = typeof cursor === 'string' ? { cursor } : {}
    try {
      const answer = await callApi(url, { method: 'POST', path, body: { ...body, ...more } })
      add(sum, answer)
      cursor = answer['next_cursor']
    } catch (error) {
      if (cursor === undefined || body['dry_run'] === true || !(error instanceof CommandError)) throw error
      const done = tell(sum.counts, false).join(' ')
      throw new CommandError(`${error.message} Before that: ${done}`, error.fix, error.exit_code)
    }
  } while (typeof cursor === 'string')
}

function add(sum: Sum, answer: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(answer))
    if (typeof value === 'number') sum.counts.set(name, (sum.counts.get(name) ?? 0) + value)
  for (const one of listOf(answer['by_target'])) {
    const { target, count } = one as { target: string; count: number }
    sum.by_target.set(target, (sum.by_target.get(target) ?? 0) + count)
  }
  sum.first = [...sum.first, ...listOf(answer['first'])].slice(0, FIRST)
  sum.stale_first = [...sum.stale_first, ...listOf(answer['stale_first'])].slice(0, FIRST)
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

const byCount = ({ by_target }: Sum) => [...by_target].sort(([, a], [, b]) => b - a)

function resultOf(sum: Sum, dry_run: boolean): object {
  const counts = { dry_run, ...Object.fromEntries(sum.counts) }
  if (!dry_run) return counts
  const by_target = byCount(sum).map(([target, count]) => ({ target, count }))
  return { ...counts, by_target, first: sum.first, stale_first: sum.stale_first }
}

function print({ tell }: BulkCall, sum: Sum, dry_run: boolean): void {
  for (const sentence of tell(sum.counts, dry_run)) console.log(sentence)
  if (!dry_run) return
  // A target can hold words of an event, and an event anything.
  for (const [target, count] of byCount(sum))
    console.log(`  ${String(count).padStart(6)}  ${inline(target, [])}`)
  console.log('Nothing was sent. Add --yes to send it.')
}
