import type { Request } from 'express'
import { createBoundedLog } from '../observe/bounded-log.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { jsonText } from '../store/json-text.ts'
import type { NewAuditEntry } from '../store/management-records.ts'
import type { Store } from '../store/store.ts'
import type { Principal } from './principal.ts'

/** The longest id that an entry shows, in characters; ours are shorter. */
const SHOWN = 64

/** Notes the actions of people through the API, and refused sign-ins: a line in the log, and an entry in the store. */
export interface Audit {
  /** Notes that an action was asked for by an authorized request, and what came of it. Nothing in `what` is secret. */
  did(by: Actor, action: Action, what: Deed): void
  /** Notes that a request had no valid token; at most once a minute for each address. */
  refused(request: Request, reason: string): void
  /** Notes that a right token came from an address that has sent many wrong ones: somebody may have guessed it. */
  afterMany(request: Request, principal: Pick<Principal, 'name'>): void
}

/** Who asks, and from where: what a handler is given. */
export interface Actor {
  principal: Pick<Principal, 'name'>
  request: Request
}

/** The action: its object (`id`) and its details. */
export interface Deed extends Record<string, unknown> {
  id?: string
  /** The automation that it concerns, where it is one: a token that is limited to it sees the entry. */
  automation?: string
  /** Long texts that only the store keeps: what was there before and after. */
  before?: unknown
  after?: unknown
}

/** The actions that the API offers, beside looking. */
export type Action =
  | 'redeliver'
  | 'redeliver many'
  | 'cancel'
  | 'replay'
  | 'replay many'
  | 'put secret'
  | 'delete secret'
  | 'create automation'
  | 'update automation'
  | 'delete automation'
  | 'test automation'
  | 'list automations'
  | 'trigger'
  | 'resume lane'

/** Returns what writes to the log and to the store. */
export function createAudit({
  log,
  clock,
  store,
}: {
  log: Log
  clock: Clock
  store: Pick<Store, 'addAudit'>
}): Audit {
  const bounded = createBoundedLog(log, () => clock.steady())
  const keep = (entry: Omit<NewAuditEntry, 'at'>) => {
    store.addAudit({ entries: [{ at: clock.wall(), ...entry }] }).catch((error: unknown) => {
      log.error(
        { action: entry.action, reason: reasonOf(error) },
        'an entry of the audit log could not be stored',
      )
    })
  }
  return {
    did({ principal, request }, action, { id, before, after, ...what }) {
      const target = storable(id)?.slice(0, SHOWN) ?? null
      const address = addressOf(request)
      const shown = target === null ? {} : { id: target }
      log.info({ action, by: principal.name, from: address, ...shown, ...what }, 'asked for by the API')
      const { automation, ...rest } = what
      const details = jsonText<unknown>({
        ...rest,
        ...(before === undefined ? {} : { before, after: after ?? null }),
      })
      // An action without a name concerns no automation: null, since every limited list asks for the empty name.
      const concerned = storable(automation) || null
      keep({ actor: principal.name, address, action, target, automation: concerned, details })
    },
    refused(request, reason) {
      const address = addressOf(request)
      if (!bounded.warn(address, { from: address, reason }, 'API request refused: 401')) return
      const details = jsonText<unknown>({ reason })
      keep({ actor: '', address, action: 'refused sign-in', target: null, automation: null, details })
    },
    afterMany(request, { name }) {
      const from = addressOf(request)
      bounded.warn(
        `${name}\n${from}`,
        { from, by: name, fix: AFTER_MANY_FIX },
        'a right token came from an address that has sent many wrong ones',
      )
    },
  }
}

const AFTER_MANY_FIX =
  'If all clients share this address, name their proxy in TRUST_PROXY. Else make sure that nobody has guessed the token.'

/** Returns a text without what PostgreSQL cannot hold: an id may be anything that somebody sent. */
function storable(text: string | undefined): string | null {
  return text === undefined ? null : text.replaceAll('\0', '').toWellFormed()
}

/** Returns the address that a request came from, behind the proxies that are trusted. */
export function addressOf(request: Request): string {
  return request.ip ?? request.socket.remoteAddress ?? 'unknown'
}
