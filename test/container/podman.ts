import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeBaseArchive } from './base-image.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Kept between runs, so that a second build takes what has not changed from the first. */
const WORK = '/var/tmp/model-dispatch-container'
const PACKAGES = ['podman', 'runc', 'netavark']
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const PATH_OF_IMAGES = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Why containers cannot be built and run here, or null where they can. */
export function whyNoContainers(): string | null {
  if (process.getuid?.() !== 0) return 'only root can do it here without a registry of images'
  if (!existsSync('/usr/bin/dpkg-query')) return 'the base image is made of the packages of a Debian'
  const missing = PACKAGES.filter((name) => spawnSync('dpkg-query', ['--show', name]).status !== 0)
  if (missing.length === 0) return null
  return `missing; on Debian: apt-get install --yes --no-install-recommends ${missing.join(' ')}`
}

/**
 * podman with settings of its own, in files of ours. Debian's runc rather than crun, which refuses mixed cgroups; limits
 * that need no right to raise them.
 */
const CONTAINERS_CONF = `[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
[containers]
netns = "host"
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`
const STORAGE_CONF = `[storage]
driver = "overlay"
graphroot = "${WORK}/storage"
runroot = "${WORK}/run"
`

export interface Finished {
  code: number
  stdout: string
  stderr: string
}

/** Runs podman without waiting in this thread: the stand-in for GitHub answers meanwhile. */
export async function podman(...args: readonly string[]): Promise<Finished> {
  mkdirSync(WORK, { recursive: true })
  const [containers, storage] = [join(WORK, 'containers.conf'), join(WORK, 'storage.conf')]
  writeFileSync(containers, CONTAINERS_CONF)
  writeFileSync(storage, STORAGE_CONF)
  const env = { ...process.env, CONTAINERS_CONF: containers, CONTAINERS_STORAGE_CONF: storage }
  try {
    const { stdout, stderr } = await promisify(execFile)('podman', args, { env, maxBuffer: 64 * 1024 * 1024 })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}

/** The same for what must work; returns stdout without the line break at its end. */
export async function mustPodman(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await podman(...args)
  if (code !== 0)
    throw new Error(`podman ${args.join(' ')}: exit ${code}\n${stdout.slice(-4_000)}\n${stderr}`)
  return stdout.trimEnd()
}

/** Builds the Dockerfile as it is, on a base image that is made here, and returns the name of the image. */
export async function buildImage(name: string): Promise<string> {
  const [, base = ''] = /^FROM (\S+) AS base$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? []
  // How this machine reaches its registry of packages. Mounted for the build alone: nothing of it is in the image.
  const registry = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout.trim()
  const settings = join(WORK, 'npmrc')
  writeFileSync(settings, `registry=${registry}\n${existsSync(CA_BUNDLE) ? `cafile=${CA_BUNDLE}\n` : ''}`)
  const mounts = [
    [CA_BUNDLE, CA_BUNDLE],
    [settings, '/usr/local/etc/npmrc'],
  ].flatMap(([from = '', to = '']) => (existsSync(from) ? ['--volume', `${from}:${to}:ro`] : []))
  // `--format docker` keeps HEALTHCHECK, for which the other format has no place.
  await mustPodman(
    ...['build', '--format', 'docker', '--timestamp', '0', '--pull=never', '--tag', name],
    ...['--build-context', `${base}=docker-image://${await baseImage()}`, ...mounts, ROOT],
  )
  return name
}

async function baseImage(): Promise<string> {
  const recipe = createHash('sha256').update(process.version)
  recipe.update(readFileSync(join(import.meta.dirname, 'base-image.ts')))
  const name = `localhost/model-dispatch/base:${recipe.digest('hex').slice(0, 12)}`
  if ((await podman('image', 'exists', name)).code === 0) return name
  const archive = join(WORK, `base-${process.pid}.tar`)
  makeBaseArchive(archive)
  await mustPodman('import', '--quiet', '--change', `ENV ${PATH_OF_IMAGES}`, archive, name)
  rmSync(archive)
  return name
}
