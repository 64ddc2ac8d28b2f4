import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs'
import { get } from 'node:http'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../config/environment/environment.ts'
import { inspectStore } from '../store/inspect.ts'
import { fault, type Finding } from './finding.ts'

/** The room that a store needs to go on for a while, in bytes. */
const LEAST_FREE = 256 * 1024 * 1024
/** How long a receiver on this machine may take to answer, in ms. */
const ANSWER_MS = 3_000

type Settings = Pick<
  Environment,
  'database_url' | 'data_dir' | 'secrets_key' | 'secrets_key_previous' | 'port'
>

/** Returns what keeps a receiver from using the store. Opens it to read alone, and changes nothing. */
export async function examineStore(settings: Settings): Promise<Finding[]> {
  const { database_url, data_dir } = settings
  if (database_url === null) {
    const folder = examineFolder(resolve(data_dir))
    if (folder.length > 0) return folder
  }
  const about = database_url === null ? 'DATA_DIR' : 'DATABASE_URL'
  const { problem, is_held } = await inspectStore(settings)
  if (problem !== null)
    return [fault(about, problem.message.replace('DATABASE_URL cannot be used: ', ''), problem.fix)]
  return is_held && !(await isReceiver(settings.port)) ? [heldByOther(settings)] : []
}

/** The folder is made at the start where there is none: its parent must take it then. */
function examineFolder(data_dir: string): Finding[] {
  let folder = data_dir
  while (!existsSync(folder)) folder = dirname(folder)
  if (!statSync(folder).isDirectory())
    return [
      fault('DATA_DIR', `${folder} is a file, and not a folder.`, 'Set DATA_DIR to a folder of its own.'),
    ]
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    const fix = 'Set DATA_DIR to a folder of its own on a durable disk, or change its owner.'
    return [fault('DATA_DIR', `${folder} cannot be written to by this user.`, fix)]
  }
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= LEAST_FREE) return []
  const left = Math.round((bavail * bsize) / 1024 / 1024)
  const fix = 'Free some, or move DATA_DIR to a larger disk.'
  return [fault('DATA_DIR', `Only ${left} MiB are free in ${folder}.`, fix)]
}

/** Returns whether a receiver answers on this machine: beside it, its lock is no fault. */
async function isReceiver(port: number): Promise<boolean> {
  const answers = await Promise.all(['127.0.0.1', '::1'].map((host) => answers200(host, port)))
  return answers.includes(true)
}

/** Without an agent, which a proxy of the environment could take over. */
async function answers200(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ host, port, path: '/healthz', agent: false, timeout: ANSWER_MS }, (response) => {
      resolve(response.statusCode === 200)
      response.destroy()
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => {
      resolve(false)
    })
  })
}

function heldByOther({ data_dir, port }: Settings): Finding {
  return fault(
    'DATA_DIR',
    `Another process has ${resolve(data_dir)} open, and no receiver answers on port ${port}.`,
    `If that is the receiver, run doctor with its PORT. If not, stop it, or set DATA_DIR to a folder of this receiver's own.`,
  )
}
