import { onTestFinished } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import type { GitHubDeps } from '../../receiver/github/client.ts'
import { createAppKey, startGitHub, type StandInOptions } from '../standins/github/index.ts'
import { appConnection, dispatchTo, patience } from './connections.ts'

/** The key pair of the App of these tests: making one takes a while. */
export const APP_KEY = createAppKey()

/** A stand-in with our App installed on acme and globex, and a way to send to it. `clock` moves our side alone, and waits move it. */
export async function startApp(options: StandInOptions = {}, deps: GitHubDeps = {}) {
  const clock = { ahead: 0 }
  const now = () => Date.now() + clock.ahead
  const app = { id: '1234', public_key: APP_KEY.public_key, installations: { acme: 42, globex: 43 } }
  const github = await startGitHub({ app, now: Date.now, ...options })
  onTestFinished(() => github.close())
  const sleep = (ms: number) => {
    clock.ahead += ms
    return Promise.resolve()
  }
  const hub = createGitHub({ now, sleep, ...deps })
  const connection = appConnection(APP_KEY.private_key, { api_url: github.url })
  const send = (repo?: string) => hub.dispatch(connection, dispatchTo(repo), patience())
  return { github, clock, hub, connection, send }
}
