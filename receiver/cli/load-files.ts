import { readEnvironment, type Environment } from '../config/environment/environment.ts'
import type { LoadedConfig, LoadOptions } from '../config/load.ts'
import { loadResolved } from '../config/load-resolved.ts'
import { DESTINATION_TYPES } from '../destinations/index.ts'
import { createGitHub } from '../github/github.ts'
import { createGuard, resolveBySystem, type Guard } from '../outbound/guard.ts'
import { installNetwork } from '../outbound/network.ts'
import { createOutbound } from '../outbound/send.ts'
import { createRuntime, type Runtime } from '../runtime/runtime.ts'
import type { NamedSecrets } from '../secrets/named.ts'
import { SOURCE_TYPES } from '../sources/index.ts'

/** A configuration as a command reads it, without a receiver. */
export interface LoadedFiles {
  environment: Environment
  loaded: LoadedConfig
  guard: Guard
}

/**
 * Reads the environment and the configuration as a start of the receiver does.
 * @param path a file or a directory; null for MODEL_DISPATCH_CONFIG.
 * @throws ConfigError
 */
export async function loadFiles(path: string | null): Promise<LoadedFiles> {
  const environment = readEnvironment(process.env)
  const guard = createGuard(environment.outbound, { resolve: resolveBySystem, env: process.env })
  const options = loadOptions(environment)
  const loaded = await loadResolved(path === null ? options : { ...options, path }, guard)
  return { environment, loaded, guard }
}

/** Returns what the configuration is read with: the types that there are, and the environment's own path. */
export function loadOptions(environment: Environment): LoadOptions {
  return {
    path: environment.config_path,
    env: process.env,
    environment,
    sources: SOURCE_TYPES,
    destinations: DESTINATION_TYPES,
  }
}

/** Returns what the files put in force, without a store: secrets and automations of the API are not in it. */
export function runtimeOf({ environment, loaded, guard }: LoadedFiles): Runtime {
  installNetwork()
  return createRuntime(loaded.config, {
    github: createGitHub(),
    types: { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES },
    public_url: environment.public_url,
    outbound: createOutbound(guard),
    named: NOTHING_STORED,
    now: Date.now,
  })
}

const NOTHING_STORED: NamedSecrets = {
  read: () => Promise.resolve(new Map()),
  used: () => undefined,
}
