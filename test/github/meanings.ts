import type { AttemptClass } from '../../receiver/policy/attempt.ts'
import type { AnswerName } from '../standins/github/real-answers.ts'

/** What an answer must mean. */
export interface Meant {
  row: string
  class: AttemptClass
  message?: RegExp
  fix?: RegExp
  wait?: number
}

/** What each of GitHub's answers must mean. */
export const MEANINGS: Record<AnswerName, Meant> = {
  accepted: { row: 'accepted', class: 'success' },
  'accepted-empty': { row: 'accepted', class: 'success' },
  'body-beside-success': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 200 "\{.*is not how GitHub answers the dispatch: .*may or may not have been accepted/,
  },
  'blocked-by-a-policy': {
    row: 'not-github',
    class: 'ambiguous',
    message:
      /HTTP 200 "Access blocked by corporate policy" is not how GitHub answers the dispatch: the dispatch may or may not/,
    fix: /connection main asks https:\/\/api\.github\.com.*HTTPS_PROXY/,
  },
  'bad-request': {
    row: 'bad-request',
    class: 'permanent',
    message: /Problems parsing JSON/,
    fix: /connection main/,
  },
  'bad-version': { row: 'bad-request', class: 'permanent', message: /2021-01-01 is not supported/ },
  'bad-credentials': {
    row: 'bad-credentials',
    class: 'credentials',
    message: /Bad credentials/,
    fix: /new token/,
  },
  'missing-permission-app': { row: 'missing-permission', class: 'permanent', fix: /contents=write/ },
  'missing-permission-token': {
    row: 'missing-permission',
    class: 'permanent',
    message: /may not send to acme\/serving/,
    fix: /contents=write.*"Contents: Read and write"/,
  },
  'primary-limit-403': { row: 'primary-limit', class: 'limited', message: /5000 requests/, wait: 901_000 },
  'primary-limit-429': { row: 'primary-limit', class: 'limited', wait: 901_000 },
  'primary-limit-without-headers': {
    row: 'primary-limit',
    class: 'limited',
    message: /hourly limit of this/,
  },
  'secondary-limit-403': { row: 'secondary-limit', class: 'limited', fix: /writes_per_second/ },
  'secondary-limit-429': { row: 'secondary-limit', class: 'limited' },
  'secondary-limit-retry-after': { row: 'secondary-limit', class: 'limited', wait: 90_000 },
  'abuse-limit': { row: 'secondary-limit', class: 'limited' },
  'app-suspended': { row: 'suspended', class: 'credentials', message: /installation has been suspended/ },
  'account-suspended': { row: 'suspended', class: 'credentials', fix: /another account/ },
  'single-sign-on': {
    row: 'single-sign-on',
    class: 'permanent',
    message: /acme enforces/,
    fix: /Configure SSO/,
  },
  archived: { row: 'forbidden', class: 'permanent', message: /archived so is read-only/ },
  'ip-allow-list': { row: 'forbidden', class: 'permanent', message: /IP allow list/ },
  'no-user-agent': { row: 'forbidden', class: 'permanent', message: /User-Agent/ },
  'not-found': {
    row: 'not-found',
    class: 'permanent',
    message: /acme\/serving does not exist, or the token has no access/,
    fix: /Give the token.*then redeliver\. .*spelling.*correct `repository`\. Then replay the event/,
  },
  gone: { row: 'gone', class: 'permanent', message: /no longer available/ },
  'too-large': { row: 'invalid', class: 'permanent', message: /client_payload is too large/ },
  'too-many-keys': { row: 'invalid', class: 'permanent', message: /10 properties are allowed; 14/ },
  'validation-failed': {
    row: 'invalid',
    class: 'permanent',
    message: /Validation Failed \(event_type is too long\)/,
  },
  'permission-not-granted': {
    row: 'invalid',
    class: 'permanent',
    message: /not granted to this installation/,
  },
  'blocked-by-law': { row: 'blocked-by-law', class: 'permanent', message: /legal/ },
  teapot: { row: 'refused', class: 'permanent', message: /418.*teapot/ },
  'moved-elsewhere': { row: 'moved', class: 'permanent', message: /attacker\.example.*cannot be followed/ },
  'moved-nowhere': { row: 'moved', class: 'permanent', message: /no location/ },
  'moved-in-a-circle': { row: 'moved', class: 'permanent', message: /three redirects/ },
  'sign-in-page': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 302 "to https:\/\/sso\.example\/login" is not an answer of GitHub's API/,
    fix: /sign-in page/,
  },
  'page-of-a-proxy': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 200 "Sign in to go on".*may or may not have been accepted/,
    fix: /no proxy \(HTTPS_PROXY\) and no sign-in page.*in GitHub's place/,
  },
  ...(Object.fromEntries(
    (['page-401', 'page-403', 'page-404', 'page-405', 'page-422'] as const).map((name) => [
      name,
      {
        row: 'not-github',
        class: 'ambiguous',
        message: /HTTP 4\d\d "Page not found" is not an answer of GitHub's API: nothing was dispatched/,
        fix: /asks https:\/\/api\.github\.com: .*https:\/\/HOST\/api\/v3.*HTTPS_PROXY/,
      } satisfies Meant,
    ]),
  ) as Record<'page-401' | 'page-403' | 'page-404' | 'page-405' | 'page-422', Meant>),
  'text-of-a-proxy': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 403 "Access blocked by corporate policy" is not an answer/,
  },
  'request-timeout': { row: 'try-later', class: 'ambiguous', message: /408/ },
  'server-error': { row: 'try-later', class: 'ambiguous', message: /may or may not have been accepted/ },
  'bad-gateway': { row: 'try-later', class: 'ambiguous', message: /502/ },
  unavailable: { row: 'try-later', class: 'ambiguous', wait: 30_000 },
  'gateway-timeout': { row: 'try-later', class: 'ambiguous', message: /504/ },
}
