import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'

/** The operations that the stand-in answers, as GitHub's description names their paths. */
export const OPERATIONS = {
  dispatch: ['post', '/repos/{owner}/{repo}/dispatches'],
  workflow: ['post', '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches'],
  user: ['get', '/user'],
  installation: ['get', '/repos/{owner}/{repo}/installation'],
  token: ['post', '/app/installations/{installation_id}/access_tokens'],
  repository: ['get', '/repos/{owner}/{repo}'],
  contents: ['get', '/repos/{owner}/{repo}/contents/{path}'],
  workflow_file: ['get', '/repos/{owner}/{repo}/actions/workflows/{workflow_id}'],
  workflow_files: ['get', '/repos/{owner}/{repo}/actions/workflows'],
} as const

export type Operation = keyof typeof OPERATIONS

interface Description {
  paths: Record<
    string,
    Record<string, { requestBody?: { content: { 'application/json': { schema: object } } } }>
  >
  components: { schemas: Record<string, object> }
}

/** Problems of a request body by GitHub's own OpenAPI description; empty when it is as described. */
export type BodyCheck = (operation: Operation, body: unknown) => string[]

let compiled: BodyCheck | null = null

/** Reads GitHub's description once per process (13 MB), keeps only what the operations need. */
export function loadBodyCheck(): BodyCheck {
  compiled ??= compile(readDescription())
  return compiled
}

function readDescription(): Description {
  const file = fileURLToPath(import.meta.resolve('@octokit/openapi/generated/api.github.com.json'))
  return JSON.parse(readFileSync(file, 'utf8')) as Description
}

function compile(description: Description): BodyCheck {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const checks = new Map<string, ValidateFunction>()
  for (const [operation, [method, path]] of Object.entries(OPERATIONS)) {
    const schema = description.paths[path]?.[method]?.requestBody?.content['application/json'].schema
    if (schema !== undefined) checks.set(operation, ajv.compile(withReferences(schema, description)))
  }
  return (operation, body) => {
    const check = checks.get(operation)
    if (check === undefined || check(body)) return []
    return (check.errors ?? []).map(
      (error) => `${error.instancePath || 'body'} ${error.message ?? 'is invalid'}`,
    )
  }
}

/** The schema with the components that it refers to, so that it compiles alone. */
function withReferences(schema: object, { components }: Description): object {
  const schemas: Record<string, object> = {}
  const waiting: object[] = [schema]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [, name] of JSON.stringify(next).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const found = components.schemas[name ?? '']
      if (name === undefined || found === undefined || name in schemas) continue
      schemas[name] = found
      waiting.push(found)
    }
  }
  return { ...schema, components: { schemas } }
}
