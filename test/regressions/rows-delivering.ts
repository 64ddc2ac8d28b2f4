import { test, type Regression } from './table-types.ts'

const NO_USER_URLS =
  'No address that a user writes is called: deliveries go to the API address of a GitHub connection, which the operator sets.'

/** Failures on the way out: from the match to the target. */
export const DELIVERING: readonly Regression[] = [
  {
    row: 4,
    seen_in: 'svix-bridge, HTTP output',
    must_not_happen: 'A target that answers 302 or 500 counts as a success.',
    tests: [
      test(
        'regressions/destination.test.ts',
        'that answers 302 is no success, nor is any other that does not answer 2xx',
      ),
      test('regressions/destination.test.ts', 'that answers %i leaves no delivery that looks done'),
    ],
  },
  {
    row: 9,
    seen_in: 'convoy #1833',
    must_not_happen: 'A delivery is tried for ever, since its attempts are not counted.',
    tests: [
      test(
        'regressions/engine.test.ts',
        'do not go on for ever: every attempt is counted, and the last one ends the delivery',
      ),
      test('regressions/engine.test.ts', 'are not made because the record of an attempt cannot be written'),
    ],
  },
  {
    row: 10,
    seen_in: 'convoy #1667',
    must_not_happen: 'A delivery whose next attempt lies in the past is never picked up.',
    tests: [
      test('regressions/engine.test.ts', 'is not left behind: the first look after the start takes it'),
      test('regressions/engine.test.ts', '(%i ms) moves no schedule'),
      test(
        'regressions/engine.test.ts',
        'between two processes puts no retry off: time goes on where the earlier process was',
      ),
    ],
  },
  {
    row: 11,
    seen_in: 'convoy #1927',
    must_not_happen: 'A rate limit that is configured has no effect.',
    tests: [
      test(
        'regressions/engine.test.ts',
        'is not without effect: of five events at one a minute one is sent, the others a minute apart',
      ),
    ],
  },
  {
    row: 13,
    seen_in: 'outpost, cap of response bodies',
    must_not_happen: 'A huge response makes the attempt impossible to record, and it is repeated for ever.',
    tests: [
      test(
        'regressions/destination.test.ts',
        'that answers %i with 50 MB does not keep the attempt from being recorded, once',
      ),
    ],
  },
  {
    row: 14,
    seen_in: 'outpost, errors of formatting',
    must_not_happen: 'A template that does not fit an event counts as a fault of the system.',
    tests: [
      test(
        'regressions/destination.test.ts',
        'is a failed attempt with its reason, and no fault of the system',
      ),
    ],
  },
  {
    row: 21,
    seen_in: 'tekton-triggers #570',
    must_not_happen: 'The ninth automation on one event silently never fires.',
    tests: [
      test('regressions/many.test.ts', 'leave none out: each of them fires, and each is explained'),
      test('automations/match.test.ts', 'asks all of 500 automations'),
    ],
  },
  {
    row: 22,
    seen_in: 'langfuse #12588, gr2m #138',
    must_not_happen: 'GitHub refuses a client_payload for its size (422).',
    tests: [
      test(
        'contract/client-payload.test.ts',
        'drops the largest entries of the metadata first and names them',
      ),
      test('contract/client-payload.test.ts', 'counts bytes, not characters, and escapes as they are sent'),
      test('contract/client-payload.test.ts', 'is never exceeded, whatever the event holds'),
    ],
  },
  {
    row: 23,
    seen_in: 'base-std #209, repository-dispatch #277',
    must_not_happen: 'GitHub refuses a client_payload for its eleventh key.',
    tests: [
      test('destinations/repository-dispatch-settings.test.ts', 'refuse %s'),
      test('contract/client-payload.test.ts', 'is refused with eleven keys, saying what to do'),
    ],
  },
  {
    row: 24,
    seen_in: 'flux, githubdispatch',
    must_not_happen: 'An event_type over 100 characters is sent.',
    tests: [
      test('destinations/repository-dispatch-settings.test.ts', 'refuse %s'),
      test('destinations/repository-dispatch.test.ts', 'is refused with an event type that turns out %s'),
    ],
  },
  {
    row: 25,
    seen_in: 'flux #161',
    must_not_happen: 'A call for a GitHub Enterprise Server goes to api.github.com.',
    tests: [
      test(
        'github/enterprise-tokens.test.ts',
        'are minted at the address of GitHub Enterprise Server, where they are used',
      ),
      test('github/client.test.ts', 'goes to the address of %s'),
    ],
  },
  {
    row: 26,
    seen_in: 'octokit/plugin-throttling, default id',
    must_not_happen: 'One limiter holds up all tokens, or lets one token run beside itself.',
    tests: [
      test(
        'regressions/engine.test.ts',
        'of one token does not hold up another: two tokens run side by side, one token never beside itself',
      ),
    ],
  },
  {
    row: 27,
    seen_in: 'posthog #92214',
    must_not_happen: 'All retries are spent within the minute that the server asked to wait.',
    tests: [
      test('regressions/engine.test.ts', 'do not come before the Retry-After of a 429 is over'),
      test(
        'store/conformance/advance.ts',
        'does not count when a limit turned it away, and the whole lane is paused',
      ),
    ],
  },
  {
    row: 28,
    seen_in: 'langfuse, Slack automations',
    must_not_happen: 'A failure turns the automation off.',
    tests: [
      test('regressions/destination.test.ts', 'that fails again and again does not turn its automation off'),
    ],
  },
  {
    row: 29,
    seen_in: 'harbor #23568',
    must_not_happen: 'Private targets are refused with no way to allow them, silently after an upgrade.',
    why_not: NO_USER_URLS,
  },
  {
    row: 30,
    seen_in: 'mission-control #919',
    must_not_happen: 'A private address is refused when it is saved, and a name that leads there is not.',
    why_not: NO_USER_URLS,
  },
  {
    row: 31,
    seen_in: 'GitHub, stateless tokens of 2026',
    must_not_happen: 'A token is taken to have 40 characters: it is cut, refused or shown.',
    tests: [
      test(
        'github/installation-tokens.test.ts',
        'may have over 500 characters: sent whole, cached, and masked',
      ),
      test('secrets/redact.test.ts', 'knows %s by its shape'),
    ],
  },
  {
    row: 32,
    seen_in: 'return-dispatch #253',
    must_not_happen: 'A run is found by the time alone, and two dispatches of one second get the same one.',
    why_not:
      'Runs are not looked for: what a dispatch started is not asked of GitHub. Each dispatch names its delivery_id.',
  },
  {
    row: 34,
    seen_in: 'argo-events, dependencies',
    must_not_happen: 'Of several events that wait for another one, all but the last are dropped.',
    why_not: 'There are no joins: an automation matches one event, and each event is delivered by itself.',
  },
]
