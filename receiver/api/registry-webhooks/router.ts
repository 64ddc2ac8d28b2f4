import express, { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type { ApiContext } from '../context.ts'
import { principalIn } from '../authorize.ts'
import { reasonOf } from '../../observe/reason-of.ts'
import { databricksSample } from '../../trials/samples.ts'
import { testAutomation } from '../../trials/test.ts'
import { answerRegistryError, RegistryError, registryError } from './errors.ts'
import { automationOf } from './form.ts'
import { createBody, idBody, listQuery, readRequest, updateBody } from './request.ts'
import { dropUnusedSecrets } from './secrets.ts'
import { auditedShape, testShape, webhookShape } from './shapes.ts'
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  updateWebhook,
  webhookOf,
  type StoredWebhook,
  type WebhookCall,
} from './webhooks.ts'

/** Where Databricks has the API, and where some clients look for it. */
export const REGISTRY_WEBHOOKS = [
  '/api/2.0/mlflow/registry-webhooks',
  '/api/2.0/preview/mlflow/registry-webhooks',
]

/**
 * Returns the API of Databricks' registry webhooks: every webhook is an automation. The routes read JSON bodies whatever their
 * Content-Type and on every method, and ignores what it does not know, as its clients expect.
 * https://docs.databricks.com/api/workspace/modelregistry/createwebhook
 *
 * @param authorized lets requests with a token through, and answers the others in Databricks' form.
 */
export function registryWebhooksRouter(context: ApiContext, authorized: RequestHandler): Router {
  const router = Router({ caseSensitive: true })
  router.use(authorized, express.raw({ type: () => true, limit: '1mb' }))
  router.get('/list', run(context, 'read', list))
  router.post('/create', run(context, 'write', create))
  router.patch('/update', run(context, 'write', update))
  router.delete('/delete', run(context, 'write', remove))
  router.post('/test', run(context, 'write', test))
  router.use((request, response) => {
    const path = request.originalUrl.split('?')[0] ?? ''
    registryError(response, 'ENDPOINT_NOT_FOUND', `There is no ${request.method} ${path}.`)
  })
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else answerRegistryError(context.log, response, error)
  })
  return router
}

/** A call with everything that its handler needs. */
interface Call extends WebhookCall {
  request: Request
}

type Handler = (call: Call) => Promise<Record<string, unknown>>

function run(context: ApiContext, role: 'read' | 'write', handle: Handler): RequestHandler {
  return async (request, response) => {
    const principal = principalIn(response)
    if (role === 'write' && principal.role !== 'write')
      throw new RegistryError(
        'PERMISSION_DENIED',
        `The token "${principal.name}" has the role read: this needs one with the role write.`,
      )
    response.json(await handle({ context, principal, request }))
  }
}

const list: Handler = async (call) => {
  const query = readRequest(call.request, listQuery)
  const { webhooks, next_page_token } = await listWebhooks(call, query)
  call.context.audit.did(call, 'list automations', { registry_webhooks: webhooks.length })
  return { webhooks: webhooks.map(webhookShape), ...(next_page_token === null ? {} : { next_page_token }) }
}

const create: Handler = async (call) => {
  const after = await createWebhook(call, readRequest(call.request, createBody))
  await done(call, 'create automation', { before: null, after })
  return { webhook: webhookShape(after) }
}

const update: Handler = async (call) => {
  const { before, after } = await updateWebhook(call, readRequest(call.request, updateBody))
  await done(call, 'update automation', { before, after })
  return { webhook: webhookShape(after) }
}

const remove: Handler = async (call) => {
  const before = await deleteWebhook(call, readRequest(call.request, idBody).id)
  await done(call, 'delete automation', { before, after: null })
  return {}
}

/** Notes what has been done to a webhook, and clears away what it needs no more. */
async function done(
  call: Call,
  action: 'create automation' | 'update automation' | 'delete automation',
  change: { before: StoredWebhook | null; after: StoredWebhook | null },
): Promise<void> {
  const { audit, log } = call.context
  const automation = automationOf((change.after ?? change.before)?.form.id ?? '')
  const [before, after] = [change.before, change.after].map((one) => one && auditedShape(one))
  audit.did(call, action, { id: automation, automation, before, after })
  try {
    await dropUnusedSecrets(call.context)
  } catch (error) {
    // The call has been done: its client must not send it again, and the next one clears away what is left.
    log.warn({ reason: reasonOf(error) }, 'unused secrets of registry webhooks could not be deleted')
  }
}

const test: Handler = async (call) => {
  const { id, event, send } = readRequest(call.request, idBody)
  const webhook = await webhookOf(call, id)
  const { runtime, clock, audit, automations } = call.context
  await automations.refresh()
  const name = automationOf(webhook.form.id)
  const automation = runtime().automations.find(({ spec }) => spec.name === name)
  const type = event ?? webhook.form.events[0]
  if (automation === undefined || type === undefined)
    throw new RegistryError('BAD_REQUEST', `The automation ${name} is not in force: the log says why.`)
  const now = clock.wall()
  const sample = databricksSample(type, { model_name: webhook.form.model_name ?? '', webhook_id: id, now })
  const { destinations } = await testAutomation(runtime(), automation, { sample, send: send ?? false, now })
  const [tested] = destinations
  if (tested === undefined) throw new Error('A registry webhook has one destination.')
  audit.did(call, 'test automation', {
    ...auditedShape(webhook),
    // The endpoint's answer: the webhook has a status of its own, by the same name.
    ...{ id: name, automation: name, event: type, sent: tested.sent, status: tested.result?.status ?? null },
  })
  return testShape(tested)
}
