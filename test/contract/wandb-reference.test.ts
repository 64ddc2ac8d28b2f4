import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatArtifactPath,
  formatArtifactUri,
  immutableVersion,
  parseArtifactPath,
  parseArtifactUri,
  registryOfProject,
  versionOfIndex,
} from '../../src/contract/wandb/reference.ts'

const ID = 'QXJ0aWZhY3Q6NTE3ODg5ODg3'

describe('a reference by id', () => {
  it('gives the id that W&B rendered, unchanged', () => {
    expect(parseArtifactUri(`wandb-artifact://_id/${ID}`)).toEqual({ base_url: null, id: ID })
  })

  it('may name its W&B server', () => {
    const text = `wandb-artifact://https://wandb.example.com:8080/_id/${ID}`
    expect(parseArtifactUri(text)).toEqual({ base_url: 'https://wandb.example.com:8080', id: ID })
  })

  it.each([
    '',
    'wandb-artifact://',
    'wandb-artifact://_id/',
    `wandb-artifact://_id/${ID}"`,
    `_id/${ID}`,
    'a:v3',
  ])('is none in %j', (text) => expect(parseArtifactUri(text)).toBeNull())

  it('survives being parsed and written again', () => {
    const hosts = fc.option(fc.webUrl({ validSchemes: ['http', 'https'] }).map((url) => new URL(url).origin))
    const ids = fc.stringMatching(/^[A-Za-z0-9+/=_-]{1,60}$/)
    fc.assert(
      fc.property(hosts, ids, (base_url, id) => {
        const text = formatArtifactUri({ base_url, id })
        expect(parseArtifactUri(text)).toEqual({ base_url, id })
      }),
    )
  })
})

describe('a reference by name', () => {
  it.each([
    ['my-team/model-registry/resnet50:production', 'my-team', 'model-registry', 'resnet50', 'production'],
    [
      'wandb32/wandb-registry-Hyunwoo Model/ViT large:v3',
      'wandb32',
      'wandb-registry-Hyunwoo Model',
      'ViT large',
      'v3',
    ],
    ['チーム/モデル/分類器:本番', 'チーム', 'モデル', '分類器', '本番'],
    ['project/name:v0', null, 'project', 'name', 'v0'],
    ['name:a:b', null, null, 'name', 'a:b'],
    ['team/project/name', 'team', 'project', 'name', null],
  ])('%j is split at its first colon', (text, entity, project, name, ref) => {
    expect(parseArtifactPath(text)).toEqual({ entity, project, name, ref })
  })

  it.each([
    '',
    ':',
    'name:',
    '/name:v1',
    'a//c:v1',
    'a/b/c/d:v1',
    `wandb-artifact://_id/${ID}`,
    'https://x/y',
  ])('is none in %j', (text) => expect(parseArtifactPath(text)).toBeNull())

  it('survives being parsed and written again, whatever the text', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    const paths = fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), part)
    const likely = paths.map(([parts, ref]) => `${parts.join('/')}:${ref}`)
    fc.assert(
      fc.property(fc.oneof(likely, fc.string()), (text) => {
        const path = parseArtifactPath(text)
        fc.pre(path !== null)
        expect(formatArtifactPath(path)).toBe(text)
      }),
    )
  })
})

describe('a version', () => {
  it('is immutable as vN and as nothing else', () => {
    expect(immutableVersion('v12')).toBe('v12')
    expect(['production', 'v', 'v1.2', 'V3', ' v3', 'v3\n', null].map(immutableVersion)).toEqual(
      Array(7).fill(null),
    )
  })

  it('may come as its index', () => {
    expect(versionOfIndex('3')).toBe('v3')
    expect(versionOfIndex('007')).toBe('v7')
    expect(['', 'v3', '-1', '1.5', '3 ', null].map(versionOfIndex)).toEqual(Array(6).fill(null))
  })
})

describe('a project', () => {
  it.each([
    ['wandb-registry-vision', 'vision'],
    ['wandb-registry-Hyunwoo Model', 'Hyunwoo Model'],
    ['model-registry', 'model'],
    ['wandb-registry-', null],
    ['my-project', null],
    [null, null],
  ])('%j is the registry %j', (project, registry) => expect(registryOfProject(project)).toBe(registry))
})
