/**
 * How W&B writes artifact versions: by id (`wandb-artifact://_id/<base64>`, what `${artifact_version}` renders)
 * and by name (`entity/project/collection:ref`, what `${artifact_version_string}` renders).
 *
 * The rules are those of the SDK: `parse_artifact_string` in wandb/util.py, and the path parsing of
 * wandb/sdk/artifacts/_validators.py (https://github.com/wandb/wandb).
 */

/** An artifact version by its global id. */
export interface ArtifactUri {
  /** `https://host` where the reference names its W&B server, else null. */
  base_url: string | null
  /** The GraphQL global id as W&B gave it, base64: opaque, pass it on unchanged. */
  id: string
}

/** An artifact version by name. Parts may hold spaces and any script. */
export interface ArtifactPath {
  entity: string | null
  project: string | null
  name: string
  /** `v3` (immutable) or an alias (mutable), null where the path has none. */
  ref: string | null
}

const ARTIFACT_URI = /^wandb-artifact:\/\/(?:(https?:\/\/[^/\s]+)\/)?_id\/([A-Za-z0-9+/=_-]+)$/
const REGISTRY_PREFIX = 'wandb-registry-'
/** The project of the model registry that W&B had before `wandb-registry-*`; such paths still work. */
const LEGACY_REGISTRY = 'model-registry'

/** Parses `wandb-artifact://[https://host/]_id/<id>`; null for anything else. */
export function parseArtifactUri(text: string): ArtifactUri | null {
  const match = ARTIFACT_URI.exec(text)
  if (match?.[2] === undefined) return null
  return { base_url: match[1] ?? null, id: match[2] }
}

/** Returns the text that {@link parseArtifactUri} parses. */
export function formatArtifactUri({ base_url, id }: ArtifactUri): string {
  return `wandb-artifact://${base_url === null ? '' : `${base_url}/`}_id/${id}`
}

/**
 * Parses `[[entity/]project/]name[:ref]`, split at the first colon; null where a part is empty, there are more
 * than three, or the text is a URL.
 */
export function parseArtifactPath(text: string): ArtifactPath | null {
  const colon = text.indexOf(':')
  const path = colon < 0 ? text : text.slice(0, colon)
  const ref = colon < 0 ? null : text.slice(colon + 1)
  if (ref === '' || ref?.startsWith('//') === true) return null
  const parts = path.split('/', 4)
  const name = parts.pop()
  if (name === undefined || name === '' || parts.length > 2 || parts.includes('')) return null
  const project = parts.pop() ?? null
  return { entity: parts.pop() ?? null, project, name, ref }
}

/** Returns the text that {@link parseArtifactPath} parses. An entity without a project is left out: it has no place. */
export function formatArtifactPath({ entity, project, name, ref }: ArtifactPath): string {
  const parts = project === null ? [name] : entity === null ? [project, name] : [entity, project, name]
  return parts.join('/') + (ref === null ? '' : `:${ref}`)
}

/** Returns the ref if it is an immutable version (`v3`), null if it is an alias. */
export function immutableVersion(ref: string | null): string | null {
  return ref !== null && /^v\d{1,18}$/.test(ref) ? ref : null
}

/** Returns `v3` for W&B's `${artifact_version_index}` `3`; null where it is no whole number. */
export function versionOfIndex(index: string | null): string | null {
  return index !== null && /^\d{1,18}$/.test(index) ? `v${index.replace(/^0+(?=\d)/, '')}` : null
}

/** Returns the registry's short name if the project is a registry (`wandb-registry-vision` is `vision`), else null. */
export function registryOfProject(project: string | null): string | null {
  if (project === LEGACY_REGISTRY) return 'model'
  if (project?.startsWith(REGISTRY_PREFIX) !== true) return null
  return project.slice(REGISTRY_PREFIX.length) || null
}

/** Returns the artifact type where the project alone tells it: the legacy registry took nothing but models. */
export function artifactTypeOfProject(project: string | null): string | null {
  return project === LEGACY_REGISTRY ? 'model' : null
}
