import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { examine } from '../../receiver/doctor/examine.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import {
  createAppKey,
  startGitHub,
  type StandInGitHub,
  type StandInOptions,
} from '../standins/github/index.ts'

export const GROUP = '${{ github.event.client_payload.model_event.subject_key }}'
export const LISTENER = `on:
  repository_dispatch: { types: [deploy-model] }
concurrency: { group: "${GROUP}", queue: max }
jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`
export const STARTED = `on:
  workflow_dispatch: { inputs: { payload: { type: string, required: true }, region: { type: string } } }
concurrency: { group: "\${{ fromJSON(inputs.payload).model_event.subject_key }}" }
jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`
export const PATH = '.github/workflows/deploy.yml'
export const DISPATCH = '{ type: repository_dispatch, repository: acme/serving, event_type: deploy-model }'
export const START =
  '{ type: workflow_dispatch, repository: acme/serving, workflow: deploy.yml, inputs: { region: eu } }'
export const key = createAppKey()

/** The planted mistake. */
export interface Case {
  github?: StandInOptions
  env?: Record<string, string>
  destination?: string
  extra?: string
  /** Prepares the stand-in. */
  plant?: (github: StandInGitHub) => void
  now?: number
}

const open: { close(): Promise<void> }[] = []
export const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-doctor-'))
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Returns what the doctor says of a whole installation, a line for each finding. */
export async function doctor({
  github = {},
  env = {},
  destination = DISPATCH,
  extra = '',
  plant,
  now,
}: Case = {}) {
  const stand_in = await startGitHub({ limits: { enabled: false }, files: { [PATH]: LISTENER }, ...github })
  open.push(stand_in)
  plant?.(stand_in)
  const { createServer } = await import('node:http')
  const self = createServer((_, response) => response.end('{"status":"ok","version":"1"}'))
  await new Promise<void>((done) => self.listen(0, '127.0.0.1', done))
  open.push({ close: () => new Promise((done) => void self.close(() => done())) })
  const { port } = self.address() as { port: number }
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(
    path,
    `version: 1
sources: { wandb: { type: wandb, secrets: [a-secret-of-the-doctor-tests-01] } }
automations:
  - { name: deploy, events: [ADD_ARTIFACT_ALIAS], filter: { alias: production }, destinations: [${destination}] }
${extra}`,
  )
  const token = env['GITHUB_APP_ID'] === undefined ? { GITHUB_TOKEN: 'ghp_tokenOfTheTests0001' } : {}
  const all = {
    ...{
      GITHUB_API_URL: stand_in.url,
      DATA_DIR: join(folder, 'data'),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
    },
    ...token,
    ...env,
  }
  const environment = readEnvironment(all)
  const tables = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
  const { config } = loadConfig({ path, env: all, environment, ...tables })
  const patient = { environment, config, types: DESTINATION_TYPES, now: () => now ?? Date.now() }
  const findings = await examine(patient)
  for (const { fix } of findings) expect(fix).not.toBe('')
  return {
    lines: findings.map(({ severity, about, message, fix }) => `${severity}: ${about}: ${message} -> ${fix}`),
    stand_in,
  }
}

export const app = { id: '1234', public_key: key.public_key, installations: { acme: 42 } }
export const APP_ENV = { GITHUB_APP_ID: '1234', GITHUB_APP_PRIVATE_KEY: key.private_key }
export const files = (text: string, path = PATH): StandInOptions => ({ files: { [path]: text } })
export const fails = (name: string, operation: 'dispatch' | 'repository' | 'installation' | 'token') => ({
  plant: (github: StandInGitHub) =>
    github.failNext({ kind: 'answer', name: name as 'not-found' }, { operation, times: 9 }),
})
