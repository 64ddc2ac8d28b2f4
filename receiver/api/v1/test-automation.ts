import { z } from 'zod'
import { NotAnEvent } from '../../ingest/parse-json.ts'
import { NoSample, sampleFor } from '../../trials/samples.ts'
import { testAutomation } from '../../trials/test.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { ownRuntime } from './scope.ts'
import { tested } from './trial-schemas.ts'

const wish = z
  .strictObject({
    event: z
      .string()
      .optional()
      .describe('An event type, or a kind. Default: the first that the automation names.'),
    source: z.string().optional().describe('The source that it comes from. Default: one of the automation.'),
    body: z.json().optional().describe('A body of your own, as the source would send it. Default: a sample.'),
    send: z.boolean().default(false).describe('Send also what starts a run or a job.'),
  })
  .meta({ id: 'TestRequest', examples: [{ event: 'ADD_ARTIFACT_ALIAS', send: true }] })

const test = route({
  id: 'testAutomation',
  method: 'post',
  path: '/automations/{name}/test',
  tag: 'trials',
  summary: 'Tests an automation with a sample event, whatever its status.',
  description:
    'The sample goes through the real destinations, with `test: true` in its event, and nothing is stored. What starts a run or a job is rendered, and the other side is asked whether it would take it; it is sent with `send: true` alone.',
  role: 'write',
  limited: 'own',
  body: wish,
  answers: { 200: tested.describe('What was sent, and what was answered.') },
  problems: {
    automation_not_found: [404, 'There is no automation of this name in force, or the token may not see it.'],
    no_sample: [422, 'No source of the automation has a sample of this event.'],
    not_an_event: [422, 'The body cannot be read as an event.'],
  },
}).handle(async (input, context) => {
  const { name = '' } = input.path
  const { event = null, source = null, body = null, send } = input.body
  const { runtime, clock, audit } = context
  await context.automations.refresh()
  const automation = runtime().automations.find(({ spec }) => spec.name === name)
  if (automation === undefined || !input.principal.sees(name))
    throw new ApiProblem(404, 'automation_not_found', `There is no automation "${name}" in force.`)
  const now = clock.wall()
  const own = ownRuntime(runtime(), input.principal)
  const sample = tryFor(() => sampleFor(own, automation.spec, { event, source, body }, now))
  const shown = await testAutomation(runtime(), automation, { sample, send, now })
  const destinations = shown.destinations.map(({ destination, sent, result }) => ({
    ...destination,
    sent,
    status: result?.status ?? null,
  }))
  audit.did(input, 'test automation', { id: name, automation: name, event: shown.event, destinations })
  return { status: 200, body: shown }
})

/** The routes that test. */
export const TEST_ROUTES: readonly Route[] = [test]

function tryFor<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof NoSample) throw new ApiProblem(422, 'no_sample', `${error.message} ${error.fix}`)
    if (error instanceof NotAnEvent) throw new ApiProblem(422, 'not_an_event', error.message)
    throw error
  }
}
