import { parseDocument } from 'yaml'
import { isObject } from '../../src/contract/clean-json.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'

/** The triggers of a workflow file, as far as a dispatch depends on them. */
export interface Workflow {
  /** The `types` of `on: repository_dispatch`; `*` where it takes every type; null where it does not listen. */
  dispatch_types: readonly string[] | '*' | null
  /** The inputs of `on: workflow_dispatch` and whether each must be given; null where it cannot be started so. */
  inputs: ReadonlyMap<string, { required: boolean }> | null
  /** Null where runs of it may overlap. */
  concurrency: { group: string; cancel_in_progress: boolean } | null
}

/** Reads a workflow file. Returns the reason in a sentence where GitHub could not read it either. */
export function readWorkflow(text: string): Workflow | { unreadable: string } {
  let file: Json
  try {
    const document = parseDocument(text, { schema: 'core', logLevel: 'silent' })
    const [error] = document.errors
    if (error !== undefined) return { unreadable: error.message.split('\n', 1)[0] ?? '' }
    file = document.toJS({ maxAliasCount: 100 }) as Json
  } catch (problem) {
    return { unreadable: problem instanceof Error ? problem.message : 'it cannot be read' }
  }
  if (!isObject(file)) return { unreadable: 'it is not a mapping' }
  if (!isObject(file['jobs'])) return { unreadable: 'it has no `jobs`' }
  const triggers = triggersOf(file['on'])
  if (triggers.size === 0) return { unreadable: 'it has no `on`' }
  return {
    dispatch_types: triggers.has('repository_dispatch') ? typesOf(triggers.get('repository_dispatch')) : null,
    inputs: triggers.has('workflow_dispatch') ? inputsOf(triggers.get('workflow_dispatch')) : null,
    concurrency: concurrencyOf(file['concurrency']) ?? jobConcurrency(file['jobs']),
  }
}

/** `on` is a name, a list of names, or a mapping. */
function triggersOf(on: Json | undefined): ReadonlyMap<string, Json> {
  if (typeof on === 'string') return new Map([[on, null]])
  if (Array.isArray(on))
    return new Map(on.filter((name) => typeof name === 'string').map((name) => [name, null]))
  return new Map(isObject(on) ? Object.entries(on) : [])
}

function typesOf(trigger: Json | undefined): readonly string[] | '*' {
  const types = isObject(trigger) ? trigger['types'] : undefined
  if (types === undefined || types === null) return '*'
  return (Array.isArray(types) ? types : [types]).map((type) =>
    typeof type === 'string' ? type : JSON.stringify(type),
  )
}

function inputsOf(trigger: Json | undefined): ReadonlyMap<string, { required: boolean }> {
  const inputs = isObject(trigger) ? trigger['inputs'] : undefined
  if (!isObject(inputs)) return new Map()
  return new Map(
    Object.entries(inputs).map(([name, input]) => {
      const { required, default: otherwise } = isObject(input)
        ? { required: input['required'], default: input['default'] }
        : { required: false, default: undefined }
      return [name, { required: required === true && otherwise === undefined }]
    }),
  )
}

function concurrencyOf(value: Json | undefined): Workflow['concurrency'] {
  if (typeof value === 'string') return { group: value, cancel_in_progress: false }
  if (!isObject(value) || typeof value['group'] !== 'string') return null
  return { group: value['group'], cancel_in_progress: value['cancel-in-progress'] === true }
}

/** A job may have its own. */
function jobConcurrency(jobs: JsonObject): Workflow['concurrency'] {
  for (const job of Object.values(jobs)) {
    const found = isObject(job) ? concurrencyOf(job['concurrency']) : null
    if (found !== null) return found
  }
  return null
}
