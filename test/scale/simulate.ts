/**
 * A day of traffic in simulated time: `npm run simulate -- --events 1000000 --reading strict`. Prints Markdown.
 * What it does and what it showed: docs/scale.md.
 */
import { parseArgs } from 'node:util'
import { report } from './report.ts'
import { PACES, scenarioOf, type Reading, type ScenarioOptions } from './scenario.ts'
import { simulate } from './simulation.ts'

const READINGS = ['lenient', 'strict'] as const
const SUPERSEDE = ['never', 'retrying', 'waiting'] as const

const HELP = `Options, each with its default:
  --events 20000        webhooks in a day; 20,000 for each team
  --reading lenient     lenient | strict | both: whether GitHub counts a dispatch as content creation
  --supersede retrying  never | retrying | waiting, as in an automation
  --pace                writes_per_second; default: what the reading allows (${PACES.lenient} or ${PACES.strict})
  --seed 1              another seed is another day
  --drain               go on after midnight until nothing waits`

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    reading: { type: 'string', default: 'lenient' },
    supersede: { type: 'string', default: 'retrying' },
    pace: { type: 'string' },
    seed: { type: 'string', default: '1' },
    drain: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else
  for (const reading of readings()) console.log(`${report(await simulate(scenarioOf(options(reading))))}\n`)

function readings(): readonly Reading[] {
  return values.reading === 'both' ? READINGS : [oneOf('--reading', values.reading, READINGS)]
}

function options(reading: Reading): ScenarioOptions {
  const pace = values.pace === undefined ? {} : { writes_per_second: number('--pace', values.pace) }
  return {
    events: number('--events', values.events),
    seed: number('--seed', values.seed),
    supersede: oneOf('--supersede', values.supersede, SUPERSEDE),
    drain: values.drain,
    reading,
    ...pace,
  }
}

function number(name: string, value: string): number {
  const parsed = Number(value)
  if (parsed > 0 && Number.isFinite(parsed)) return parsed
  throw new Error(`${name} is "${value}" and must be a number above 0. See --help.`)
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw new Error(`${name} is "${value}" and must be one of ${allowed.join(', ')}. See --help.`)
}
