import { describe, expect, it } from 'vitest'
import { huggingface } from '../../receiver/sources/huggingface/huggingface.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { connected, jsonFixture, parseAs, requestOf } from './fixtures.ts'

interface Case {
  secret: string
  header: string | null
  query?: string
  expect: string
}
const CASES = jsonFixture('vectors', 'huggingface.json')['cases'] as unknown as Case[]

function verify({ secret, header, query }: Case, settings = {}) {
  const source = connected(huggingface, { secrets: ['old', secret] }, { settings })
  const headers = { 'x-webhook-secret': header ?? undefined }
  return source.verify({ ...requestOf('{}', { headers }), query: new URLSearchParams(query) })
}

describe('the secret of the Hub', () => {
  it.each(CASES)('sent as header $header and query $query is $expect', (given) => {
    const valid = given.expect === 'valid'
    expect(verify(given).ok).toBe(valid)
  })

  it('may come in the query where the source names the parameter', () => {
    const inQuery = CASES.find(({ query }) => query !== undefined)
    if (inQuery === undefined) throw new Error('no such case')
    expect(verify(inQuery, { secret_parameter: 'secret' })).toEqual({ ok: true, secret: 1 })
    expect(verify({ ...inQuery, query: 'secret=wrong' }, { secret_parameter: 'secret' }).ok).toBe(false)
    const wrongHeader = { ...inQuery, header: 'wrong' }
    expect(verify(wrongHeader, { secret_parameter: 'secret' }).ok).toBe(false)
  })
})

const events = (body: JsonObject) => parseAs(huggingface, JSON.stringify(body)).map(({ event }) => event)
const payload = (name: string) => jsonFixture('payloads', 'huggingface', `${name}.json`)
const withRefs = (...refs: [string, string | null][]) => ({
  ...payload('repo.content.update.main-and-tag'),
  updatedRefs: refs.map(([ref, newSha]) => ({ ref, oldSha: 'a1', newSha })),
})

describe('new content in a repository of the Hub', () => {
  it('is one new version for each new state of main and each new tag', () => {
    const sha = '575db8b7a51b6f85eb06eee540738584589f131c'
    expect(events(payload('repo.content.update.main-and-tag'))).toMatchObject([
      {
        type: 'repo.content.update',
        kind: 'version.created',
        model: { entity: 'some-user', name: 'some-repo', version: sha, pinned: `some-user/some-repo@${sha}` },
        change: { tag: null },
      },
      {
        kind: 'version.created',
        model: { version: sha, reference: 'some-user/some-repo@test' },
        change: { tag: 'test', tags: ['test'] },
      },
    ])
  })

  it.each(['refs/pr/4', 'refs/heads/experiment', 'refs/convert/parquet'])('in %s is no version', (ref) => {
    expect(events(withRefs([ref, 'b2']))).toMatchObject([
      {
        kind: 'other',
        model: { version: null },
        extra: { updated_refs: [{ ref, oldSha: 'a1', newSha: 'b2' }] },
      },
    ])
  })

  it('that only removes a branch or tag is no version', () => {
    expect(events(withRefs(['refs/tags/v1', null], ['refs/heads/main', null]))).toMatchObject([
      { kind: 'other' },
    ])
  })

  it('beside a pull request’s ref is still one version', () => {
    expect(events(withRefs(['refs/pr/4', 'b2'], ['refs/heads/main', 'c3']))).toMatchObject([
      { kind: 'version.created', model: { version: 'c3' } },
    ])
  })
})

describe('an event of the Hub', () => {
  it.each([
    ['repo.config.dois', 'update', 'repo.config.update'],
    ['repo.config.dois', 'create', 'repo.config.update'],
    ['repo.settings', 'delete', 'repo.update'],
    ['discussion.comment.reaction', 'create', 'discussion.comment.update'],
    ['organisation', 'create', 'organisation.create'],
    ['repository.x', 'update', 'repository.x.update'],
  ])('of the scope %s and the action %s is %s', (scope, action, type) => {
    const [event] = events({ ...payload('repo.update'), event: { scope, action } })
    expect(event).toMatchObject({ type, extra: { scope } })
  })

  it('of a new dataset or space is not a new model', () => {
    const repo = payload('repo.create')['repo'] as JsonObject
    const kinds = ['model', 'dataset', 'space'].map((type) => {
      return events({ ...payload('repo.create'), repo: { ...repo, type } })[0]?.kind
    })
    expect(kinds).toEqual(['model.created', 'other', 'other'])
  })

  it('of a legacy repository without owner has no entity', () => {
    const repo = { ...(payload('repo.update')['repo'] as JsonObject), name: 'gpt2' }
    expect(events({ ...payload('repo.update'), repo })[0]?.model).toMatchObject({
      entity: null,
      name: 'gpt2',
    })
  })

  it('keeps a link to the repository only where it is https', () => {
    const repo = payload('repo.update')['repo'] as JsonObject
    const url = (web: string) =>
      events({ ...payload('repo.update'), repo: { ...repo, url: { web } } })[0]?.model?.url
    expect([url('https://huggingface.co/a/b'), url('javascript:alert(1)')]).toEqual([
      'https://huggingface.co/a/b',
      null,
    ])
  })

  it('of a comment has its text', () => {
    expect(events(payload('discussion.comment.create'))).toMatchObject([
      { kind: 'comment.created', change: { comment: 'This adds an env key' } },
    ])
  })
})

describe('two requests of the Hub', () => {
  const identities = (body: JsonObject) =>
    parseAs(huggingface, JSON.stringify(body)).map(({ identity }) => identity)

  it('are the same only while no other event of the repository came between', () => {
    expect(identities(payload('repo.update'))).toMatchObject([{ rule: 'last', window_ms: 10_000 }])
  })

  it('have an identity of their own for each event that they hold', () => {
    const [main, tag] = identities(payload('repo.content.update.main-and-tag'))
    expect(main?.key).not.toBe(tag?.key)
    expect(main?.body_hash).not.toBe(tag?.body_hash)
  })
})
