import { parentPort, workerData } from 'node:worker_threads'
import { freeStartMemory } from '../../observe/free-start-memory.ts'
import type { CallRequest, CallResponse, ThreadData } from './calls.ts'
import { describeError, describeOpenError } from './errors.ts'

/** Does what a call asks for. */
type Answer = (request: CallRequest) => Promise<unknown>

/**
 * Lets this thread answer calls, one after the other, once `open` has opened the database. A call whose arguments are a text is answered with one.
 */
export async function answerCalls(open: (data: ThreadData) => Promise<Answer>): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('The threads of the store run as worker threads only.')
  const reply = (message: CallResponse) => port.postMessage(message)
  const data = workerData as ThreadData
  const respond = async (answer: Answer, request: CallRequest): Promise<void> => {
    const { id, args } = request
    try {
      const value = await answer(request)
      reply(typeof args === 'string' ? { id, json: JSON.stringify(value) } : { id, value: value ?? null })
    } catch (error) {
      reply({ id, error: describeError(error) })
    }
  }
  try {
    const answer = await open(data)
    reply({ id: 0, value: null })
    freeStartMemory()
    let last: Promise<void> = Promise.resolve()
    port.on('message', (request: CallRequest) => {
      last = last.then(() => respond(answer, request))
    })
  } catch (error) {
    reply({ id: 0, error: describeOpenError(error, data.data_dir) })
  }
}
