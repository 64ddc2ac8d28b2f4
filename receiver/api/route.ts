import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { ApiContext } from './context.ts'
import type { Principal, Role } from './principal.ts'

/** The parameters of a route by name; each has a description. */
export type Params = Readonly<Record<string, z.ZodType>>

/** No parameters. */
export type NoParams = Readonly<Record<string, never>>

/** The successful answers of a route by status: the schema of the body, or null for an answer without one. */
export type Answers = Readonly<Record<number, z.ZodType | null>>

/** The input of a handler: everything in it has been checked. */
export interface Input<Q extends Params, B> {
  /** The parts of the path that stand in braces. */
  path: Readonly<Record<string, string>>
  params: z.output<z.ZodObject<Q>>
  body: B
  /** Who asks; where the route needs no token, somebody who may do nothing. */
  principal: Principal
  request: Request
  /** For answers that are written bit by bit. */
  response: Response
}

/** The answer of a handler, in one of the forms that its route declares. */
export type Reply<A extends Answers> = {
  [S in keyof A & number]: {
    status: S
    body: A[S] extends z.ZodType ? z.input<A[S]> : null
    headers?: Readonly<Record<string, string>>
  }
}[keyof A & number]

/** A route of the management API, as it is written down. */
export interface RouteDefinition<Q extends Params, B, A extends Answers> {
  /** The name of the operation, unique among all routes. */
  id: string
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Behind `/api/v1`, with the parts that vary in braces: `/events/{id}`. */
  path: string
  tag: string
  summary: string
  /** More for the document, in Markdown. */
  description?: string
  /** The least that a token needs; null: anybody may call it, without a token. */
  role: Role | null
  /** The rights of a token limited to some automations: its own, or none, since the route concerns the whole receiver. */
  limited: 'own' | 'refused'
  /** Parameters of the query; of a POST without `body`, the keys of its JSON body as well. */
  params?: Q
  /** The JSON body. Absent: the route takes none. */
  body?: z.ZodType<B>
  /** The problem of a body that does not fit, where the handler doesn't check the body itself. Default: `bad_body`. */
  body_checked_by?: 'route' | 'handler'
  answers: A
  /** The type of the answer's body. Default: application/json. */
  produces?: string
  /** Every problem of its own, by code: its status and what it means. */
  problems?: Readonly<Record<string, readonly [status: number, meaning: string]>>
  /** Headers of its successful answer, by name, with what each says. */
  answer_headers?: Readonly<Record<string, string>>
  /** Headers that it takes beside `Authorization`, by name, with what each does. */
  headers?: Readonly<Record<string, string>>
}

/** Answers a request; throws an `ApiProblem` where it cannot. */
export type Handler<Q extends Params, B, A extends Answers> = (
  input: Input<Q, B>,
  context: ApiContext,
) => Promise<Reply<A>>

/** A route, with its own types forgotten: what the table of routes holds. */
export interface Route extends RouteDefinition<Params, unknown, Answers> {
  handle: Handler<Params, unknown, Answers>
}

/**
 * Begins a route of the table: one schema per part gives validation, types, and the OpenAPI document. `handle` ends it.
 *
 * @example
 * const getThing = route({
 *   id: 'getThing', method: 'get', path: '/things/{id}', tag: 'things', summary: 'Returns one thing.',
 *   role: 'read', limited: 'refused', answers: { 200: thing }, problems: { thing_not_found: [404, 'There is none.'] },
 * }).handle(async ({ path }, { store }) => ({ status: 200, body: await store.getThing(path) }))
 */
export function route<const Q extends Params = NoParams, B = undefined, const A extends Answers = Answers>(
  definition: RouteDefinition<Q, B, A>,
): { handle(handler: Handler<Q, B, A>): Route } {
  return { handle: (handler) => ({ ...definition, handle: handler }) as unknown as Route }
}
