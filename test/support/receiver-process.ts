import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request, type Answer } from './http.ts'

/** ADMIN_TOKEN of every receiver that doesn't say otherwise. */
export const ADMIN_TOKEN = 'admin-token-of-the-tests-0001'

const ROOT = join(import.meta.dirname, '..', '..')
const MAIN = join(ROOT, 'receiver', 'main.ts')
const START_MS = 20_000
const WAIT_MS = 10_000

export interface ReceiverSettings {
  /** The text of the configuration file. */
  config: string
  /** The address of the GitHub to dispatch to. */
  github_url: string
  /** On top of the usual variables; undefined takes one away. */
  env?: Readonly<Record<string, string | undefined>>
  /** Default: a folder of its own. */
  data_dir?: string
  /** How it is started, in the folder of the project. Default: by Node.js. */
  command?: readonly string[]
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { level: string; message: string }

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** The real receiver as a child process, in a temporary folder with its own configuration and DATA_DIR. */
export class ReceiverProcess {
  readonly config_path: string
  readonly data_dir: string
  /** All that the process printed on stdout and stderr, over restarts. */
  output = ''
  /** Where it listens. */
  url = ''
  /** Where its API answers: there, unless it has an ADMIN_PORT. */
  admin_url = ''
  readonly #folder = mkdtempSync(join(tmpdir(), 'model-dispatch-receiver-'))
  readonly #env: Record<string, string | undefined>
  readonly #command: readonly string[]
  #child: ChildProcess | null = null
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null })

  constructor({ config, github_url, env = {}, data_dir, command }: ReceiverSettings) {
    this.#command = command ?? [process.execPath, MAIN]
    this.config_path = join(this.#folder, 'model-dispatch.yaml')
    this.data_dir = data_dir ?? join(this.#folder, 'data')
    this.writeConfig(config)
    this.#env = {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: this.data_dir,
      MODEL_DISPATCH_CONFIG: this.config_path,
      GITHUB_API_URL: github_url,
      GITHUB_TOKEN: 'ghp_tokenOfTheTests0001',
      ADMIN_TOKEN,
      DRAIN_SECONDS: '0',
      START_SECONDS: '0',
      ...env,
    }
  }

  /** The process id; 0 while none runs. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The log so far. Lines that are no JSON (messages on stderr) are left out. */
  get log(): LogLine[] {
    const lines = this.output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
    return lines.map((line) => JSON.parse(line) as LogLine)
  }

  /** Log lines with this message. */
  logged(message: string): LogLine[] {
    return this.log.filter((line) => line.message === message)
  }

  writeConfig(text: string): void {
    writeFileSync(this.config_path, text)
  }

  /** Starts the process and waits until it listens. Rejects with its output when it ends instead. */
  async start(): Promise<this> {
    const before = this.logged('listening').length
    const exited = this.launch()
    void exited.catch(() => undefined)
    const listening = this.waitFor(() => this.logged('listening').length > before, START_MS)
    const ended = exited.then(() => Promise.reject(new Error(`It did not start:\n${this.output}`)))
    await Promise.race([listening, ended])
    const line: Readonly<Record<string, unknown>> = this.logged('listening').at(-1) ?? {}
    const { url, admin_url = url } = line
    this.url = String(url)
    this.admin_url = String(admin_url)
    await this.waitUntilReady()
    return this
  }

  /** Starts the process without waiting for anything but its end. */
  launch(): Promise<Exit> {
    const [program = '', ...args] = this.#command
    const child = spawn(program, args, {
      cwd: ROOT,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }))
    })
    return this.#exited
  }

  /** Resolves when the process has ended and all of its output has been read. */
  get exited(): Promise<Exit> {
    return this.#exited
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** Asks it to stop and waits for its end. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return await this.#exited
  }

  /** Ends it at once, as a crash of the machine's memory would. */
  async kill9(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  /** Stops it and starts another one on the same DATA_DIR. */
  async restart(): Promise<this> {
    await this.stop()
    return await this.start()
  }

  /** Ends it and deletes its folder. */
  async remove(): Promise<void> {
    await this.kill9()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A management call with the admin token. A `body` is sent as JSON. */
  async api(
    path: string,
    { method = 'GET', body, headers = {} }: { method?: string; body?: unknown; headers?: object } = {},
  ): Promise<Answer> {
    return await request(`${this.admin_url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? '' : JSON.stringify(body),
    })
  }

  /** Waits until the output has what it takes. */
  async waitFor(condition: () => boolean | Promise<boolean>, ms = WAIT_MS): Promise<void> {
    const until = Date.now() + ms
    while (!(await condition())) {
      if (Date.now() > until) throw new Error(`It did not come to that within ${ms} ms:\n${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async waitUntilReady(): Promise<void> {
    await this.waitFor(async () => (await request(`${this.url}/readyz`)).status === 200)
  }
}
