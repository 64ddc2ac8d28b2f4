/**
 * Measures the receiver and the Action side by side with others, on this machine: `npm run bench -- --help`.
 * What is measured and what it showed: docs/performance.md.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endChildren } from './children.ts'
import { writeDocument } from './document.ts'
import type { Bench, Line, Measured } from './line.ts'
import { acceptPostgres } from './lines/accept-postgres.ts'
import { accept } from './lines/accept.ts'
import { action } from './lines/action.ts'
import { burst } from './lines/burst.ts'
import { claim } from './lines/claim.ts'
import { deliveries } from './lines/deliveries.ts'
import { disk } from './lines/disk.ts'
import { dispatch } from './lines/dispatch.ts'
import { memory } from './lines/memory.ts'
import { roundTrips } from './lines/round-trips.ts'
import { steadyRate } from './lines/steady-rate.ts'
import { writes } from './lines/writes.ts'
import { describeMachine } from './machine.ts'
import { report } from './report.ts'

const LINES: readonly Line[] = [
  accept,
  acceptPostgres,
  steadyRate,
  burst,
  dispatch,
  deliveries,
  claim,
  writes,
  roundTrips,
  disk,
  action,
  memory,
]

/** How many rounds are measured unless told otherwise. */
const ROUNDS = 7
/** Fewer rounds than these are for trying things out: they are not written down. */
const LEAST_WRITTEN = 3

const HELP = `npm run bench [-- LINE… OPTIONS]
Lines; without one, all but the long ones:
${LINES.map(({ name, about, long }) => `  ${name.padEnd(15)} ${about}${long ? ' (long)' : ''}`).join('\n')}
Options, each with its default:
  --rounds ${ROUNDS}          interleaved rounds; the ratio is their median
  --seconds 4         of load in each round
  --waiting 1000000   deliveries that wait, of the line claim
  --events 1000000    of the line memory
  --models 1000000    of the line disk
  --baseline DIR      a checkout of the project, with its dependencies, that is measured beside this one: by
                      accept-postgres and deliveries; without it they are measured alone
  --long              the long lines too
  --write             put the table into docs/performance.md`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: String(ROUNDS) },
    seconds: { type: 'string', default: '4' },
    waiting: { type: 'string', default: '1000000' },
    events: { type: 'string', default: '1000000' },
    models: { type: 'string', default: '1000000' },
    baseline: { type: 'string' },
    long: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** What was asked for cannot be done; the message says what to ask for instead. */
class Misuse extends Error {}

try {
  if (values.help) console.log(HELP)
  else await run()
} catch (error) {
  if (!(error instanceof Misuse)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function run(): Promise<void> {
  const lines = chosenLines()
  const rounds = number('rounds')
  if (values.write) checkWritable(lines, rounds)
  const folder = scratchFolder()
  process.once('exit', () => {
    endChildren()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const machine = describeMachine(folder)
  const bench: Bench = {
    rounds,
    seconds: number('seconds'),
    waiting: number('waiting'),
    events: number('events'),
    models: number('models'),
    baseline: baseline(),
    quiet_ms: rounds < LEAST_WRITTEN ? 2_000 : 30_000,
    folder,
    say: (text) => process.stderr.write(`${text}\n`),
  }
  const measured: Measured[] = []
  for (const line of lines) {
    bench.say(`${line.name}: ${line.about}`)
    measured.push({ line, ...(await line.run(bench)) })
  }
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const done = { command, machine, rounds, measured }
  console.log(report(done))
  if (values.write) await writeDocument(done)
  process.exit(0)
}

function chosenLines() {
  const unknown = positionals.find((name) => !LINES.some((line) => line.name === name))
  if (unknown !== undefined) throw new Misuse(`There is no line "${unknown}". See npm run bench -- --help.`)
  if (positionals.length > 0) return LINES.filter(({ name }) => positionals.includes(name))
  return LINES.filter(({ long }) => !long || values.long)
}

/** A block of the document holds the figures of one whole run. */
function checkWritable(lines: readonly Line[], rounds: number): void {
  if (rounds < LEAST_WRITTEN) throw new Misuse(`--write needs at least ${LEAST_WRITTEN} rounds.`)
  const short = (some: readonly Line[]) => some.filter(({ long }) => !long).length
  if (short(lines) > 0 && short(lines) < short(LINES)) {
    throw new Misuse('--write needs all lines, or the long ones alone: leave the names out.')
  }
}

/** The checkout that is measured beside this one, where one is named. */
function baseline(): string | null {
  if (values.baseline === undefined) return null
  const root = resolve(values.baseline)
  if (existsSync(join(root, 'receiver', 'main.ts')) && existsSync(join(root, 'node_modules'))) return root
  throw new Misuse(
    `--baseline ${values.baseline} is no checkout of the project with its dependencies: run \`npm ci\` there.`,
  )
}

function number(name: 'rounds' | 'seconds' | 'waiting' | 'events' | 'models'): number {
  const parsed = Number(values[name])
  if (parsed >= 1 && Number.isFinite(parsed)) return parsed
  throw new Misuse(`--${name} is "${values[name]}" and must be a number of at least 1. See --help.`)
}

/** On the project's own disk: the system's temporary folder may be memory, where nothing is ever flushed. */
function scratchFolder(): string {
  const parent = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'model-dispatch-bench')
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, 'run-'))
}
