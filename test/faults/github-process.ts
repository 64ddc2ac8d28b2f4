import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { request } from '../support/http.ts'
import type { AcceptedDispatch, Failure, StandInOptions } from '../standins/github/index.ts'
import type { IdentityRecord } from '../standins/github/limits.ts'
import type { Dispatched } from '../support/verdict.ts'

const MAIN = join(import.meta.dirname, '..', 'standins', 'github', 'main.ts')

/** The stand-in GitHub as a process of its own: nothing that happens to a receiver or to the test stops it. */
export class GitHubProcess {
  /** The API address. */
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** GitHub's own limits are off unless `options` says otherwise. */
  static async start(options: StandInOptions = {}): Promise<GitHubProcess> {
    const text = JSON.stringify({ limits: { enabled: false }, ...options })
    const child = spawn(process.execPath, [MAIN, '--options', text], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    return new GitHubProcess(line.toString().trim(), child)
  }

  /** Every dispatch that was accepted, oldest first. */
  async dispatches(): Promise<AcceptedDispatch[]> {
    return (await this.#control('GET', 'dispatches')) as AcceptedDispatch[]
  }

  /** The same as the verdict wants it. */
  async dispatched(): Promise<(Dispatched & { at: number; identity: string })[]> {
    return (await this.dispatches()).map(({ at, identity, client_payload }) => {
      const { id, delivery_id, model } = client_payload['model_event'] as {
        id: string
        delivery_id: string
        model: { name: string; version: string }
      }
      const version = Number(model.version.slice(1))
      return { at, identity, event_id: id, delivery_id, model: model.name, version }
    })
  }

  async violations(): Promise<string[]> {
    return (await this.#control('GET', 'violations')) as string[]
  }

  async identities(): Promise<Record<string, IdentityRecord>> {
    return (await this.#control('GET', 'identities')) as Record<string, IdentityRecord>
  }

  /** The next dispatches fail, or all of them until `failure` is null. */
  async fail(failure: Failure | null, times: number | 'always' = 'always'): Promise<void> {
    const how = times === 'always' ? { always: true } : { times, operation: 'dispatch' }
    await this.#control('POST', 'fail', { failure, ...how })
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await closed
  }

  async #control(method: string, name: string, body?: object): Promise<unknown> {
    const { text } = await request(`${this.url}/_control/${name}`, {
      method,
      body: body === undefined ? '' : JSON.stringify(body),
    })
    return JSON.parse(text) as unknown
  }
}
