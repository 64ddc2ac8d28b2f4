import { invalid } from './errors.ts'
import type { HttpTarget, JobTarget } from './form.ts'
import type { HttpUrlSpec, JobSpec, Specs } from './request.ts'
import type { KeepSecret } from './secrets.ts'

type Target = HttpTarget | JobTarget

/**
 * Returns where a webhook is to send, the secrets of the request stored; `current` where the request does not say.
 * @throws RegistryError
 */
export async function targetFrom(
  { http_url_spec: http, job_spec: job }: Specs,
  current: Target | null,
  keep: KeepSecret,
): Promise<Target> {
  if (http != null && job != null) throw invalid('', 'Give either http_url_spec or job_spec, not both.')
  if (http != null) return await httpTarget(http, keep)
  if (job != null) return await jobTarget(job, current?.kind === 'job' ? current : null, keep)
  if (current !== null) return current
  throw invalid('', 'Give either http_url_spec or job_spec: one of them is needed.')
}

async function httpTarget(spec: HttpUrlSpec, keep: KeepSecret): Promise<HttpTarget> {
  const { url, enable_ssl_verification, secret, authorization } = spec
  return {
    kind: 'http',
    url,
    enable_ssl_verification: enable_ssl_verification ?? true,
    secret: secret ? await keep('secret', secret, url) : null,
    authorization: authorization ? await keep('authorization', authorization, url) : null,
  }
}

async function jobTarget(spec: JobSpec, before: JobTarget | null, keep: KeepSecret): Promise<JobTarget> {
  const { job_id, access_token } = spec
  const workspace_url = spec.workspace_url ?? before?.workspace_url
  if (workspace_url === undefined || !URL.canParse(workspace_url))
    throw invalid(
      'job_spec.workspace_url',
      "is needed here, since the receiver is in no workspace: https://HOST of the job's one.",
    )
  if (!access_token) throw invalid('job_spec.access_token', 'is needed to start the job.')
  const kept = await keep('access_token', access_token, workspace_url)
  return {
    ...{ kind: 'job', job_id, workspace_url, access_token: kept },
    parameters: before?.parameters ?? 'notebook',
  }
}
