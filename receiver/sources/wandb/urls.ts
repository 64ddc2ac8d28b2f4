/** Addresses of W&B's pages, as the SDK makes them: wandb/sdk/artifacts/artifact.py and wandb/util.py. */
import { immutableVersion, registryOfProject } from '../../../src/contract/wandb/reference.ts'

/** A collection of versions: a model of a project or of a registry. */
export interface Collection {
  entity: string | null
  project: string | null
  name: string
  /** The name that people see of the organisation that owns the registry, where W&B says so. */
  organization: string | null
}

/** A version in a collection. */
export interface VersionPage {
  collection: Collection
  version: string | null
  type: string | null
}

/** Returns the page of a version; null where too little is known of it. */
export function versionUrl(base_url: string, { collection, version, type }: VersionPage): string | null {
  const { entity, project, name, organization } = collection
  if (entity === null || project === null || immutableVersion(version) === null) return null
  const registry = registryOfProject(project)
  const app = appUrl(base_url)
  if (registry === null)
    return type === null ? null : `${app}${path(entity, project, 'artifacts', type, name, version ?? '')}`
  const query = new URLSearchParams({
    selectionPath: `${entity}/${project}/${name}`,
    view: 'membership',
    version: version ?? '',
  })
  // Only the registry that W&B had first hangs below a team.
  if (project === 'model-registry') return `${app}${path(entity, 'registry', 'model')}?${query.toString()}`
  return organization === null
    ? null
    : `${app}${path('orgs', organization, 'registry', registry)}?${query.toString()}`
}

/** Returns the page of a run; undefined where too little is known of it. */
export function runUrl(
  base_url: string,
  { entity, project, id }: { entity: string | null; project: string | null; id: string },
): string | undefined {
  return entity === null || project === null
    ? undefined
    : `${appUrl(base_url)}${path(entity, project, 'runs', id)}`
}

const path = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(part)}`).join('')

/** Returns where people look at what the API of `base_url` knows: https://api.wandb.ai is https://wandb.ai. */
function appUrl(base_url: string): string {
  const { protocol, host } = new URL(base_url)
  const app = /^api\.wandb\./.test(host) ? host.replace(/^api\./, '') : host.replace(/^api\./, 'app.')
  return `${protocol}//${app}`
}
