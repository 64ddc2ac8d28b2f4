import { startGitHub, type StandInGitHub, type StandInOptions } from '../standins/github/index.ts'
import { ReceiverProcess, type ReceiverSettings } from './receiver-process.ts'
import { DATABRICKS_SECRET, WANDB_SECRET } from './send.ts'

/** A W&B source and one automation: the alias `production` of any model starts `acme/serving`. */
export const DEPLOY_CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-production
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
`

/** A receiver and the GitHub it dispatches to. */
export interface Scene {
  github: StandInGitHub
  receiver: ReceiverProcess
  close(): Promise<void>
}

export interface SceneOptions extends Omit<Partial<ReceiverSettings>, 'github_url'> {
  github?: StandInOptions
}

/** Starts both. GitHub's own limits are off unless `github` says otherwise. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { github: github_options = {}, config = DEPLOY_CONFIG, env = {}, ...rest } = options
  const github = await startGitHub({ limits: { enabled: false }, ...github_options })
  const secrets = { WANDB_WEBHOOK_SECRET: WANDB_SECRET, DATABRICKS_WEBHOOK_SECRET: DATABRICKS_SECRET }
  const receiver = new ReceiverProcess({
    ...rest,
    config,
    github_url: github.url,
    env: { ...secrets, ...env },
  })
  const close = async () => {
    await receiver.remove()
    await github.close()
  }
  try {
    await receiver.start()
  } catch (error) {
    await close()
    throw error
  }
  return { github, receiver, close }
}
