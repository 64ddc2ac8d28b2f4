import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../src/contract/wandb/body.ts'

const decode = (body: JsonObject) => decodeWandbBody(body, null)

describe('A body of a known event', () => {
  const path = 'my-team/model-registry/resnet50'
  const added = { event_type: 'ADD_ARTIFACT_ALIAS', artifact_collection_name: 'resnet50' }

  it('takes the alias from the end of its path where its template has no word for it', () => {
    const { event, hint } = decode({ ...added, artifact_version_string: `${path}:production` })
    expect([event.change.alias, event.model?.version, hint]).toEqual(['production', null, null])
  })

  it.each([
    ['alias', { ...added, artifact_version_string: `${path}:v3` }],
    ['alias', added],
    ['tag', { event_type: 'ADD_ARTIFACT_TAG', artifact_version_string: `${path}:v3` }],
    ['tag', { event_type: 'REMOVE_COLLECTION_TAG', artifact_collection_name: 'resnet50' }],
    ['artifact_version_string', { event_type: 'LINK_ARTIFACT' }],
  ])('names the missing word %s in a hint', (word, body) => {
    const { recognised, hint } = decode(body)
    expect(recognised).toBe(true)
    expect(hint).toContain(`"${word}": "\${${word}}"`)
  })

  it.each(['production\n', ' production', 'production\u200b', '\ufeffproduction\u00a0'])(
    'has %j as the alias production, and says that something was cut',
    (alias) => {
      const body = { ...added, alias, artifact_version_string: `${path}:production ` }
      const { event, hint, flat } = decode(body)
      expect([event.change.alias, flat['alias'], event.extra]).toEqual(['production', 'production', {}])
      expect(event.model).toMatchObject({ reference: `${path}:production` })
      expect(hint).toMatch(
        /cut from the ends of .*artifact_version_string.*alias|cut from the ends of .*alias/,
      )
    },
  )

  it('made for GitHub is dispatched without what is invisible at the ends of its event_type, and says so', () => {
    const { dispatch_type, hint } = decode({
      event_type: 'deploy-model\n',
      client_payload: { ...added, alias: 'a' },
    })
    expect(dispatch_type).toBe('deploy-model')
    expect(hint).toMatch(/cut from the ends of event_type/)
  })
})
