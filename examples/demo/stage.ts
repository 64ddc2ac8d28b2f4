import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitHub, type StandInGitHub } from '../../test/standins/github/index.ts'
import { startReceiverProcess } from './receiver-process.ts'

/** Everything the demo needs: a GitHub to send to, the receiver, and what senders must know. */
export interface Stage {
  github: StandInGitHub
  receiver_url: string
  secrets: { wandb: string; wandb_token: string; databricks: string }
  /** Signs in to the page. */
  admin_token: string
  /** Where the receiver keeps what it stores. */
  data_dir: string
}

/** The demo's configuration, from the top of the project. */
export const CONFIG = 'examples/demo/model-dispatch.yaml'

/** Sets the stage for `play` and takes it down again, whatever happens. Nothing stays on the machine. */
export async function onStage(signal: AbortSignal, play: (stage: Stage) => Promise<void>): Promise<void> {
  const data_dir = await mkdtemp(join(tmpdir(), 'model-dispatch-demo-'))
  try {
    const github = await startGitHub()
    try {
      await withReceiver(github, data_dir, signal, play)
    } finally {
      await github.close()
    }
  } finally {
    await rm(data_dir, { recursive: true, force: true })
  }
}

async function withReceiver(
  github: StandInGitHub,
  data_dir: string,
  signal: AbortSignal,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const random = () => randomBytes(24).toString('hex')
  const secrets = { wandb: random(), wandb_token: random(), databricks: random() }
  const admin_token = random()
  const receiver = await startReceiverProcess(
    {
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: data_dir,
      DRAIN_SECONDS: '0',
      MODEL_DISPATCH_CONFIG: CONFIG,
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: random(),
      WANDB_WEBHOOK_SECRET: secrets.wandb,
      WANDB_ACCESS_TOKEN: secrets.wandb_token,
      DATABRICKS_WEBHOOK_SECRET: secrets.databricks,
      ADMIN_TOKEN: admin_token,
    },
    signal,
  )
  try {
    await play({ github, receiver_url: receiver.url, secrets, admin_token, data_dir })
  } finally {
    await receiver.stop()
  }
}
