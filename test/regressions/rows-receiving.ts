import { test, type Regression } from './table-types.ts'

/** Failures on the way in: from the first byte to the answer. */
export const RECEIVING: readonly Regression[] = [
  {
    row: 1,
    seen_in: 'argo-events #3448',
    must_not_happen: 'An event that could not be stored is answered as a success.',
    tests: [
      test('regressions/ingest.test.ts', '(%s) is neither a success nor the fault of its sender'),
      test(
        'faults/store-away.test.ts',
        'is 503 with Retry-After after 5 s and nothing stored; once there is space, ingest goes on by itself',
      ),
    ],
  },
  {
    row: 2,
    seen_in: 'argo-events #2340',
    must_not_happen: 'An event that was acknowledged is lost when the process is killed.',
    tests: [
      test(
        'faults/kill.test.ts',
        'after %i answers loses nothing: every event that got a 202 is dispatched after the restart',
      ),
      test(
        'faults/on-disk-before-answer.test.ts',
        'is on disk: the WAL is written and synchronised after the request and before the answer',
      ),
    ],
  },
  {
    row: 3,
    seen_in: 'argo-events #3326',
    must_not_happen: 'Two events of one millisecond are taken for one.',
    tests: [
      test(
        'regressions/many.test.ts',
        'with equal bodies and ids of their own are not taken for one: each is delivered',
      ),
      test(
        'regressions/many.test.ts',
        'about one model that differ in one field are not taken for one: each is delivered',
      ),
    ],
  },
  {
    row: 5,
    seen_in: 'convoy, ingest',
    must_not_happen: 'A chunked body that was cut at the limit, or broke off, is passed on.',
    tests: [
      test(
        'regressions/ingest.test.ts',
        'is not cut at the limit and taken for the part that was read, even where that part is signed',
      ),
      test(
        'regressions/ingest.test.ts',
        'that breaks off is not taken for what came of it, even where that is signed',
      ),
    ],
  },
  {
    row: 6,
    seen_in: 'convoy, ingest',
    must_not_happen: 'A request that nobody signed makes the store look something up.',
    tests: [test('regressions/ingest.test.ts', 'asks the store for nothing')],
  },
  {
    row: 7,
    seen_in: 'convoy, ingest',
    must_not_happen: 'A fault of the store is answered as the fault of the sender (400), who then gives up.',
    tests: [test('regressions/ingest.test.ts', '(%s) is neither a success nor the fault of its sender')],
  },
  {
    row: 8,
    seen_in: 'convoy, webhook verifier',
    must_not_happen:
      'A secret is compared by an operator, in a time that depends on how much of it is right.',
    tests: [
      test(
        'regressions/comparisons.test.ts',
        'is nowhere compared by an operator, whose time tells how much of a guess is right',
      ),
      test(
        'regressions/comparisons.test.ts',
        'is compared in constant time in one place, which all others use',
      ),
    ],
  },
  {
    row: 12,
    seen_in: 'convoy #2790, #2792',
    must_not_happen: 'A change of the configuration is not seen by the next event.',
    tests: [
      test('e2e/reload.test.ts', 'is in force for the next event, without a restart'),
      test('config/watch.test.ts', 'sees a change that came between loading and watching'),
    ],
  },
  {
    row: 15,
    seen_in: 'outpost, signatures',
    must_not_happen: 'A captured request passes for a new one once its timestamp header is rewritten.',
    tests: [
      test(
        'regressions/ingest.test.ts',
        'does not pass for a new one because its headers, which nobody signed, say another time',
      ),
    ],
  },
  {
    row: 16,
    seen_in: 'hermes-agent #58461',
    must_not_happen: 'A sender without ids is given one by the time, so that no repeat is ever found.',
    tests: [
      test(
        'regressions/ingest.test.ts',
        'is not given one that changes: the same bytes are the same event, later and after a restart, per source',
      ),
      test('ingest/accepted.test.ts', 'is 200 with the first one’s id, and is dispatched once'),
    ],
  },
  {
    row: 17,
    seen_in: 'octokit/webhooks #40, #1081',
    must_not_happen: 'A JSON parser in front takes the raw body, and requests hang or look wrongly signed.',
    tests: [
      test(
        'regressions/body-parser.test.ts',
        '(%s) neither hangs nor blames the signature: it fails at once and says what to change',
      ),
    ],
  },
  {
    row: 18,
    seen_in: 'octokit/webhooks, handling of responses',
    must_not_happen: 'A text beyond ASCII is sent with too small a Content-Length and spoils the connection.',
    tests: [test('regressions/ingest.test.ts', 'does not spoil the connection for the next request')],
  },
  {
    row: 19,
    seen_in: 'adnanh/webhook, defaults',
    must_not_happen: 'A wrong signature is answered 500, and an event that matches nothing without a reason.',
    tests: [
      test('ingest/refused.test.ts', 'is 401, the same body and headers whatever was wrong'),
      test(
        'ingest/accepted.test.ts',
        'names the nearest automation and why it did not match, where none does',
      ),
    ],
  },
  {
    row: 20,
    seen_in: 'adnanh/webhook #167',
    must_not_happen: 'A burst of events eats the memory.',
    tests: [
      test(
        'regressions/burst.test.ts',
        'does not pile up in memory: it waits on disk, and past limits.backlog it is 503',
      ),
    ],
  },
  {
    row: 33,
    seen_in: 'gosmee, SECURITY.md',
    must_not_happen: 'X-Forwarded-For of anybody is believed.',
    tests: [
      test(
        'regressions/ingest.test.ts',
        'of anybody are not believed: they change neither an answer nor the log',
      ),
    ],
  },
  {
    row: 35,
    seen_in: 'probot',
    must_not_happen: 'A source without a secret gets a well-known one.',
    tests: [
      test(
        'e2e/refused-start.test.ts',
        'ends with code 2 and all mistakes in the configuration at once, each with file, line, key and fix',
      ),
      test(
        'e2e/refused-start.test.ts',
        'ends with code 2 and an instruction where the variable of a secret is not set',
      ),
      test('sources/source-types.test.ts', 'refuses everything while it has no credentials'),
    ],
  },
]
