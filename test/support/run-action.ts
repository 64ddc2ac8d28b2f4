import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one step of the Action is given. */
export interface ActionCall {
  /** Inputs as `with:` would set them; the others have the defaults of action.yml, which are the code's own. */
  inputs?: Record<string, string>
  /** The event file: a value as JSON, a text as it is, undefined for no event file at all. */
  event?: unknown
}

/** What one step of the Action did, as the runner sees it. */
export interface ActionRun {
  exit_code: number | null
  stdout: string
  stderr: string
  outputs: Record<string, string>
  summary: string
}

const DIST = join(import.meta.dirname, '..', '..', 'dist', 'index.js')
const OUTPUT = /^(.+?)<<(ghadelimiter_[-0-9a-f]+)\n([\s\S]*?)\n\2$/gm

/** Runs the committed build of the Action in a process of its own, as a runner does. */
export async function runAction({ inputs = {}, event }: ActionCall): Promise<ActionRun> {
  const folder = await mkdtemp(join(tmpdir(), 'model-dispatch-step-'))
  try {
    const files = {
      output: join(folder, 'output'),
      summary: join(folder, 'summary'),
      event: join(folder, 'event.json'),
    }
    await Promise.all([writeFile(files.output, ''), writeFile(files.summary, '')])
    if (event !== undefined) {
      await writeFile(files.event, typeof event === 'string' ? event : JSON.stringify(event))
    }
    const ended = await runNode({
      ...Object.fromEntries(Object.entries(inputs).map(([name, text]) => [inputVariable(name), text])),
      PATH: process.env['PATH'],
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      ...(event === undefined ? {} : { GITHUB_EVENT_PATH: files.event }),
    })
    const outputs = readOutputs(await readFile(files.output, 'utf8'))
    return { ...ended, outputs, summary: await readFile(files.summary, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`
}

/** Reads what `setOutput` wrote to GITHUB_OUTPUT. */
function readOutputs(text: string): Record<string, string> {
  return Object.fromEntries(Array.from(text.matchAll(OUTPUT), ([, name = '', , value = '']) => [name, value]))
}

function runNode(env: NodeJS.ProcessEnv): Promise<Pick<ActionRun, 'exit_code' | 'stdout' | 'stderr'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [DIST], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
    child.on('error', reject)
    child.on('close', (exit_code) => resolve({ exit_code, ...text }))
  })
}
