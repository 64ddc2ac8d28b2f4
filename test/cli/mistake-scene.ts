import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '..', '..', 'receiver', 'main.ts')

/** The output of a command, and whether that is what it says where nothing is wrong. */
export interface Said {
  ok: boolean
  text: string
}

/** The folder of somebody who has just run `init` and put a token into .env. */
export class Beginner {
  readonly folder: string
  /** How .env gets into the environment: sourced by a shell, as `docker --env-file` takes it, or not at all. */
  how: 'shell' | 'docker' | 'not at all' = 'shell'
  readonly #running: (() => Promise<void>)[] = []

  constructor(made: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'model-dispatch-beginner-'))
    cpSync(made, this.folder, { recursive: true })
  }

  /** Replaces a text of the configuration. */
  edit(from: string | RegExp, to: string): void {
    this.#replace('model-dispatch.yaml', from, to)
  }

  /** Adds to the end of the configuration. */
  append(text: string): void {
    this.edit(/$/, text)
  }

  /** Sets a variable in .env, in place of the one that is there. */
  set(name: string, value: string): void {
    this.#replace('.env', new RegExp(`^${name}=.*\\n|$(?![\\s\\S])`, 'm'), `${name}=${value}\n`)
  }

  unset(name: string): void {
    this.#replace('.env', new RegExp(`^${name}=.*\\n`, 'm'), '')
  }

  env(): string {
    return readFileSync(join(this.folder, '.env'), 'utf8')
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<Said> {
    const child = this.#spawn(args)
    const status = await new Promise<number | null>((done) => child.process.on('close', done))
    return { ok: status === 0, text: child.output() }
  }

  /** Starts the receiver. `ok` where it listens. */
  async serve(): Promise<Said & { url: string; log: () => string }> {
    const { process: child, output } = this.#spawn(['serve'])
    const ended = new Promise<void>((done) => child.on('close', () => done()))
    this.#running.push(async () => {
      child.kill('SIGTERM')
      await ended
    })
    const listening = () => /^.*"message":"listening".*$/m.exec(output())
    const up = new Promise<void>((done) => {
      child.stdout.on('data', () => {
        if (listening() !== null) done()
      })
    })
    await Promise.race([up, ended])
    const [line] = listening() ?? []
    const [, url = ''] = /"url":"([^"]+)"/.exec(line ?? '') ?? []
    return { ok: line !== undefined, text: output(), url, log: output }
  }

  async close(): Promise<void> {
    for (const stop of this.#running) await stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spawn(args: readonly string[]) {
    const base = {
      PATH: process.env['PATH'] ?? '',
      START_SECONDS: '0',
      DRAIN_SECONDS: '0',
      HOST: '127.0.0.1',
    }
    const sourced = this.how === 'shell' ? 'set -a; . ./.env; set +a; ' : ''
    const script = `${sourced}exec ${JSON.stringify(process.execPath)} ${JSON.stringify(PROGRAM)} "$@"`
    // Without --norc, a bash whose stdin is a socket takes itself for a remote shell and reads ~/.bashrc.
    const child = spawn('bash', ['--norc', '-c', script, 'bash', ...args], {
      cwd: this.folder,
      timeout: 60_000,
      env: this.how === 'docker' ? { ...base, ...this.#lines() } : base,
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        text += part.toString()
      })
    return { process: child, output: () => text }
  }

  /** The lines of .env as Docker takes them: nothing is unquoted. */
  #lines(): Record<string, string> {
    const lines = [...this.env().matchAll(/^(\w+)=(.*)$/gm)]
    return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]))
  }

  #replace(name: string, from: string | RegExp, to: string): void {
    const path = join(this.folder, name)
    const before = readFileSync(path, 'utf8')
    const after = before.replace(from, () => to)
    if (after === before) throw new Error(`Nothing to replace in ${name}: ${String(from)}`)
    writeFileSync(path, after)
  }
}
