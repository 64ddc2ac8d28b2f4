import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aliasAdded, dispatched } from '../../action/events.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { promotion } from '../load/ring.ts'
import { medianRatio, spread } from '../statistics.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node')
const DIST = join(ROOT, 'dist', 'index.js')
const RUNS = 31
const LARGEST_KB = 60

/** What a step of the Action costs, from the start of its process to its end. */
export const action: Line = {
  name: 'action',
  about: 'the whole process of the Action, against node -e 0',
  long: false,
  run: (bench) => Promise.resolve(run(bench)),
}

function run({ folder, rounds }: Bench): Figures {
  const files = { event: join(folder, 'event.json'), output: join(folder, 'output') }
  writeFileSync(files.event, JSON.stringify(dispatched(aliasAdded, promotion('resnet50'))))
  const env = {
    PATH: process.env['PATH'],
    GITHUB_EVENT_NAME: 'repository_dispatch',
    GITHUB_EVENT_PATH: files.event,
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  }
  const time = (args: readonly string[]) => {
    writeFileSync(files.output, '')
    writeFileSync(env.GITHUB_STEP_SUMMARY, '')
    const began = performance.now()
    execFileSync(NODE, args, { env, stdio: 'ignore' })
    return performance.now() - began
  }
  const ours: number[] = []
  const bare: number[] = []
  const runs = Math.max(RUNS, rounds)
  for (let n = 0; n < runs; n++) {
    ours.push(time([DIST]))
    bare.push(time(['-e', '0']))
  }
  const kb = statSync(DIST).size / 1_000
  return {
    rows: [
      row(
        {
          what: 'a step of the Action, whole process, against `node -e 0`',
          ours: spread(ours, 'ms', 1),
          other: spread(bare, 'ms', 1),
        },
        medianRatio(ours, bare),
        { at_most: 1.3 },
      ),
      row(
        { what: 'dist/index.js', ours: `${kb.toFixed(1)} KB`, other: `${LARGEST_KB} KB` },
        kb / LARGEST_KB,
        { at_most: 1 },
      ),
    ],
    notes: [`Action: ${runs} runs each, in turn, on the event file of a dispatch of ours.`],
  }
}
