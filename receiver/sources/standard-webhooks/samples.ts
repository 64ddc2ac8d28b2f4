import type { JsonObject } from '../../../src/contract/model-event.ts'

/** Returns a body of an event in the form that the specification recommends. */
export function sampleOf(type: string): JsonObject {
  return { type, timestamp: '2026-11-27T09:30:00Z', data: sampleFields(type) }
}

/** Returns what a body says of a model when an event of this kind happens to it. */
export function sampleFields(type: string): JsonObject {
  const model = { model: 'resnet50', version: '3', author: 'jane' }
  if (type.startsWith('alias.')) return { ...model, alias: 'production' }
  if (type.startsWith('tag.')) return { ...model, tag: 'validated' }
  return type.startsWith('stage.') ? { ...model, from_stage: 'staging', stage: 'production' } : model
}
