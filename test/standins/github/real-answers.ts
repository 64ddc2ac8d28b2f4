/** An answer as it goes over the wire. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

const docs = 'https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event'
const limitDocs = 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api'

function message(status: number, text: string, more: object = {}, documentation_url = docs): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ message: text, ...more, documentation_url, status: String(status) }),
  }
}

function withHeaders(answer: WireAnswer, headers: Record<string, string>): WireAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

function html(status: number, text: string): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html><body><h1>${text}</h1></body></html>`,
  }
}

function plain(status: number, body: string): WireAnswer {
  return { status, headers: { 'content-type': 'text/plain' }, body }
}

const secondary =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID 8A1C:3F2B:1D2E3F:2A3B4C:65F0C0DE.'

/** What the answers that depend on the time or the stand-in's address are made from. */
export interface AnswerSetting {
  /** Unix time in ms. */
  now: number
  /** The stand-in's API address. */
  url: string
}

type Maker = (setting: AnswerSetting) => WireAnswer

/** GitHub's own answers by name, as its documentation and its users' reports show them, and those of what stands between. */
export const REAL_ANSWERS = {
  accepted: () => ({ status: 204, headers: {}, body: '' }),
  'accepted-empty': () => ({ status: 200, headers: {}, body: '' }),
  'body-beside-success': () => message(200, 'ok'),
  'blocked-by-a-policy': () => plain(200, 'Access blocked by corporate policy'),
  'bad-request': () => message(400, 'Problems parsing JSON'),
  'bad-version': () =>
    message(400, 'Version 2021-01-01 is not supported. Supported versions: 2022-11-28, 2026-03-10.'),
  'bad-credentials': () => message(401, 'Bad credentials', {}, 'https://docs.github.com/rest'),
  'missing-permission-app': () =>
    withHeaders(message(403, 'Resource not accessible by integration'), {
      'x-accepted-github-permissions': 'contents=write',
    }),
  'missing-permission-token': () =>
    withHeaders(message(403, 'Resource not accessible by personal access token'), {
      'x-accepted-github-permissions': 'contents=write',
    }),
  'primary-limit-403': ({ now }) =>
    withHeaders(
      message(403, 'API rate limit exceeded for user ID 1.', {}, limitDocs),
      limitHeaders(now, 5000, 0),
    ),
  'primary-limit-429': ({ now }) =>
    withHeaders(
      message(429, 'API rate limit exceeded for installation ID 1.', {}, limitDocs),
      limitHeaders(now, 5000, 0),
    ),
  'primary-limit-without-headers': () =>
    message(403, 'API rate limit exceeded for user ID 1.', {}, limitDocs),
  'secondary-limit-403': () => message(403, secondary, {}, limitDocs),
  'secondary-limit-429': () => message(429, secondary, {}, limitDocs),
  'secondary-limit-retry-after': () =>
    withHeaders(message(403, secondary, {}, limitDocs), { 'retry-after': '90' }),
  'abuse-limit': () =>
    message(
      403,
      'You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.',
    ),
  'app-suspended': () => message(403, 'This installation has been suspended'),
  'account-suspended': () => message(403, 'Sorry. Your account was suspended.'),
  'single-sign-on': () =>
    withHeaders(
      message(
        403,
        'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
      ),
      {
        'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=AB12',
      },
    ),
  archived: () => message(403, 'Repository was archived so is read-only.'),
  'ip-allow-list': () =>
    message(
      403,
      'Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.',
    ),
  'no-user-agent': () => ({
    status: 403,
    headers: { 'content-type': 'text/plain' },
    body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
  }),
  'not-found': () => message(404, 'Not Found'),
  gone: () => message(410, 'This repository is no longer available'),
  'too-large': () => message(422, 'Invalid request.\n\nclient_payload is too large.'),
  'too-many-keys': () =>
    message(422, 'Invalid request.\n\nNo more than 10 properties are allowed; 14 were supplied.'),
  'validation-failed': () =>
    message(422, 'Validation Failed', {
      errors: [
        {
          resource: 'RepositoryDispatch',
          field: 'event_type',
          code: 'invalid',
          message: 'event_type is too long',
        },
      ],
    }),
  'permission-not-granted': () =>
    message(422, 'The permissions requested are not granted to this installation.'),
  'blocked-by-law': () => message(451, 'Repository access blocked', { block: { reason: 'dmca' } }),
  teapot: () => message(418, "I'm a teapot"),
  'moved-elsewhere': () => redirect(301, 'https://attacker.example/repositories/1/dispatches'),
  'moved-nowhere': () => message(301, 'Moved Permanently'),
  'moved-in-a-circle': ({ url }) => redirect(307, `${url}/repos/acme/circle/dispatches`),
  'page-of-a-proxy': () => html(200, 'Sign in to go on'),
  'page-401': () => html(401, 'Page not found'),
  'page-403': () => html(403, 'Page not found'),
  'page-404': () => html(404, 'Page not found'),
  'page-405': () => html(405, 'Page not found'),
  'page-422': () => html(422, 'Page not found'),
  'text-of-a-proxy': () => plain(403, 'Access blocked by corporate policy'),
  'sign-in-page': () => redirect(302, 'https://sso.example/login'),
  'request-timeout': () => html(408, 'Request Time-out'),
  'server-error': () => message(500, 'Server Error'),
  'bad-gateway': () => html(502, 'Bad Gateway'),
  unavailable: () =>
    withHeaders(html(503, 'No server is currently available to service your request.'), {
      'retry-after': '30',
    }),
  'gateway-timeout': () => html(504, 'Gateway Time-out'),
} as const satisfies Record<string, Maker>

export type AnswerName = keyof typeof REAL_ANSWERS

/** GitHub's answer of that name at this time. */
export function realAnswer(name: AnswerName, setting: AnswerSetting): WireAnswer {
  const make: Maker = REAL_ANSWERS[name]
  return make(setting)
}

/** The rate-limit headers that GitHub sends with every answer; the window ends in a quarter of an hour. */
export function limitHeaders(
  now: number,
  limit: number,
  remaining: number,
  reset: number = Math.ceil(now / 1000) + 900,
): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-used': String(limit - remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': 'core',
  }
}

function redirect(status: number, location: string): WireAnswer {
  return withHeaders(message(status, 'Moved Permanently', { url: location }), { location })
}

/** GitHub's redirect of a renamed repository. */
export function movedTo(location: string): WireAnswer {
  return redirect(301, location)
}

/** GitHub's refusal of an App's token without the permission to start workflows. */
export function missingActions(): WireAnswer {
  return withHeaders(message(403, 'Resource not accessible by integration'), {
    'x-accepted-github-permissions': 'actions=write',
  })
}

/** An answer with GitHub's usual error body. */
export function errorAnswer(status: number, text: string): WireAnswer {
  return message(status, text)
}

/** A JSON answer. */
export function jsonAnswer(status: number, value: object): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  }
}
