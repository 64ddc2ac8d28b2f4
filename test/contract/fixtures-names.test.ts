import { describe, expect, it } from 'vitest'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { parseAs, fixtureNames, jsonFixture } from '../sources/fixtures.ts'

/** Type, kind and title of each event that a body of another registry tells of. */
const NAMED: Record<string, Record<string, string[]>> = {
  mlflow: {
    'registered_model.created.json': ['registered_model.created model.created Test: example_model created'],
    'model_version.created.json': ['model_version.created version.created Test: example_model 1 created'],
    'model_version_tag.set.json': [
      'model_version_tag.set tag.added Test: example_model 1 tagged example_key=example_value',
    ],
    'model_version_tag.deleted.json': [
      'model_version_tag.deleted tag.removed Test: example_model 1 untagged example_key',
    ],
    'model_version_alias.created.json': [
      'model_version_alias.created alias.added Test: example_model 1 -> example_alias',
    ],
    'model_version_alias.deleted.json': [
      'model_version_alias.deleted alias.removed Test: example_model is no longer example_alias',
    ],
    'prompt.created.json': ['prompt.created prompt.created Test: prompt.created: example_prompt'],
    'prompt_version.created.json': [
      'prompt_version.created prompt_version.created Test: prompt_version.created: example_prompt 1',
    ],
    'prompt_tag.set.json': ['prompt_tag.set prompt_tag.set Test: prompt_tag.set: example_prompt'],
    'prompt_tag.deleted.json': [
      'prompt_tag.deleted prompt_tag.deleted Test: prompt_tag.deleted: example_prompt',
    ],
    'prompt_version_tag.set.json': [
      'prompt_version_tag.set prompt_version_tag.set Test: prompt_version_tag.set: example_prompt 1',
    ],
    'prompt_version_tag.deleted.json': [
      'prompt_version_tag.deleted prompt_version_tag.deleted Test: prompt_version_tag.deleted: example_prompt 1',
    ],
    'prompt_alias.deleted.json': [
      'prompt_alias.deleted prompt_alias.deleted Test: prompt_alias.deleted: example_prompt',
    ],
  },
  huggingface: {
    'discussion.comment.create.json': ['discussion.comment.create comment.created Comment on some-repo'],
    'discussion.create.json': ['discussion.create other discussion.create: gpt2'],
    'discussion.delete.json': ['discussion.delete other discussion.delete: some-repo'],
    'discussion.update.json': ['discussion.update other discussion.update: leaderboard'],
    'discussion.update.merged.json': ['discussion.update other discussion.update: some-repo'],
    'repo.config.update.json': ['repo.config.update other repo.config.update: some-repo'],
    'repo.config.update.unsupported-key.json': ['repo.config.update other repo.config.update: some-repo'],
    'repo.content.update.main-and-tag.json': [
      'repo.content.update version.created some-repo 575db8b7a51b6f85eb06eee540738584589f131c created',
      'repo.content.update version.created some-repo 575db8b7a51b6f85eb06eee540738584589f131c created',
    ],
    'repo.content.update.ref-deleted.json': ['repo.content.update other repo.content.update: some-repo'],
    'repo.create.json': ['repo.create model.created some-repo created'],
    'repo.delete.json': ['repo.delete other repo.delete: some-repo'],
    'repo.move.json': ['repo.move other repo.move: some-repo'],
    'repo.update.json': ['repo.update other repo.update: some-repo'],
  },
}

describe.each(Object.entries(NAMED))('every fixture of %s', (type, rows) => {
  it('is in the table', () => {
    expect(Object.keys(rows).toSorted()).toEqual(fixtureNames('payloads', type).toSorted())
  })

  it.each(Object.entries(rows))('%s is named as the table says', (name, named) => {
    const events = parse(type, JSON.stringify(jsonFixture('payloads', type, name)))
    expect(events.map(({ event }) => `${event.type} ${event.kind} ${event.title}`)).toEqual(named)
  })
})

function parse(type: string, body: string) {
  const source = SOURCE_TYPES.get(type)
  return source === undefined ? [] : parseAs(source, body)
}
