import { describe, expect, it } from 'vitest'
import { createAppKey } from '../standins/github/index.ts'
import {
  app,
  APP_ENV,
  DISPATCH,
  doctor,
  fails,
  files,
  GROUP,
  LISTENER,
  PATH,
  START,
  STARTED,
  type Case,
} from './scene.ts'

describe('the doctor', () => {
  it.each<[string, Case]>([
    ['a token and a repository_dispatch', {}],
    ['an App', { github: { app }, env: APP_ENV }],
    ['a workflow_dispatch', { github: files(STARTED), destination: START }],
    [
      'a workflow that takes every type',
      { github: files(LISTENER.replace('{ types: [deploy-model] }', '')) },
    ],
    [
      'an event_type that depends on the event',
      { destination: DISPATCH.replace('deploy-model', '"${event_type}"') },
    ],
  ])('finds nothing on a healthy installation with %s, and starts nothing', async (_, healthy) => {
    const { lines, stand_in } = await doctor(healthy)
    expect(lines).toEqual([])
    expect([stand_in.dispatches, stand_in.workflows.started]).toEqual([[], []])
  })

  it.each<[string, Case, RegExp]>([
    [
      'a token that GitHub does not know',
      { github: { users: {} } },
      /problem: acme\/serving: .*(token|credentials)/i,
    ],
    [
      'a token without Contents: write',
      fails('missing-permission-token', 'dispatch'),
      /contents=write|Contents: write/i,
    ],
    [
      'a token that single sign-on keeps out',
      fails('single-sign-on', 'repository'),
      /single sign-on|SAML|SSO/i,
    ],
    [
      'a classic token without the scope repo',
      { github: { repository_headers: { 'x-oauth-scopes': 'gist' } } },
      /scopes "gist"/,
    ],
    [
      'a token that ends soon',
      {
        github: {
          repository_headers: { 'github-authentication-token-expiration': '2026-01-09 00:00:00 UTC' },
        },
        now: Date.UTC(2026, 0, 1),
      },
      /advice: token: The token ends on 2026-01-09/,
    ],
    [
      'a token that others use up',
      { github: { repository_headers: { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '12' } } },
      /Only 12 of 5000/,
    ],
    [
      'an App that is not installed',
      { github: { app: { ...app, installations: {} } }, env: APP_ENV },
      /install/i,
    ],
    [
      'an App with the key of another one',
      { github: { app: { ...app, public_key: createAppKey().public_key } }, env: APP_ENV },
      /App|credentials/,
    ],
    [
      'an App without the permission',
      { github: { app }, env: APP_ENV, ...fails('permission-not-granted', 'token') },
      /permission/i,
    ],
    [
      'an App that is suspended',
      { github: { app }, env: APP_ENV, ...fails('app-suspended', 'token') },
      /suspended/i,
    ],
    [
      'a repository that does not exist',
      { github: { repositories: ['acme/other'] } },
      /problem: acme\/serving: /,
    ],
    [
      'a repository that has moved',
      { github: { moved: { 'acme/serving': 'acme/serving-v2' } } },
      /called acme\/serving-v2 now/,
    ],
    ['a repository that is archived', { github: { repository_fields: { archived: true } } }, /archived/],
    [
      'a repository that GitHub disabled',
      { github: { repository_fields: { disabled: true } } },
      /disabled it/,
    ],
    [
      'an address that is not GitHub',
      fails('page-of-a-proxy', 'repository'),
      /not GitHub|GITHUB_API_URL|page/i,
    ],
    [
      'a GitHub that cannot be reached',
      { env: { GITHUB_API_URL: 'http://127.0.0.1:2' } },
      /refuses the connection/,
    ],
    ['no workflow file', { github: { files: {} } }, /No workflow listens/],
    ['a workflow without repository_dispatch', { github: files(STARTED) }, /No workflow listens/],
    [
      '`types` that do not list the event type',
      { github: files(LISTENER.replace('deploy-model', 'deploy_model')) },
      /sends the event type deploy-model, and no workflow lists it/,
    ],
    [
      'an automation without event_type that nobody hears',
      { destination: DISPATCH.replace(', event_type: deploy-model', '') },
      /advice: .*ADD_ARTIFACT_ALIAS is sent/,
    ],
    ['a workflow file that is not YAML', { github: files('on: [\njobs: }') }, /GitHub cannot run it/],
    ['a workflow without jobs', { github: files('on: repository_dispatch\n') }, /it has no `jobs`/],
    [
      'a workflow without concurrency',
      { github: files(LISTENER.replace(/concurrency.*\n/, '')) },
      /no `concurrency`/,
    ],
    [
      'a concurrency group that all models share',
      { github: files(LISTENER.replace(GROUP, 'deploy')) },
      /the same for all models/,
    ],
    [
      'a workflow to start that is not there',
      { github: files(STARTED, '.github/workflows/other.yml'), destination: START },
      /there is no such workflow/,
    ],
    [
      'a workflow that somebody disabled',
      { github: { ...files(STARTED), disabled_workflows: ['deploy.yml'] }, destination: START },
      /disabled_manually/,
    ],
    [
      'a listener that somebody disabled, where nothing else hears the event type',
      { github: { ...files(LISTENER), disabled_workflows: ['deploy.yml'] } },
      /problem: acme\/serving .github\/workflows\/deploy\.yml: It is disabled \(disabled_manually\).*gh workflow enable deploy\.yml/,
    ],
    [
      'a listener that GitHub disabled since nothing happened in the repository',
      {
        github: {
          ...files(LISTENER),
          disabled_workflows: ['deploy.yml'],
          disabled_state: 'disabled_inactivity',
        },
        destination: DISPATCH.replace('deploy-model', '"${event_type}"'),
      },
      /problem: .*It is disabled \(disabled_inactivity\)/,
    ],
    [
      'a listener that is disabled beside another one that hears the same',
      {
        github: {
          files: { [PATH]: LISTENER, '.github/workflows/old.yml': LISTENER },
          disabled_workflows: ['old.yml'],
        },
      },
      /advice: acme\/serving .github\/workflows\/old\.yml: It is disabled/,
    ],
    [
      'a ref that does not exist',
      { github: files(STARTED), destination: START.replace('workflow:', 'ref: releases, workflow:') },
      /cannot be found on releases/,
    ],
    [
      'a workflow without workflow_dispatch',
      { github: files(LISTENER), destination: START },
      /no `on: workflow_dispatch`/,
    ],
    [
      'an input that is not declared',
      { github: files(STARTED.replace(', region: { type: string }', '')), destination: START },
      /does not declare the input region/,
    ],
    [
      'a required input that nothing gives',
      {
        github: files(STARTED.replace('region: {', 'zone: { required: true }, region: {')),
        destination: START,
      },
      /requires the input zone/,
    ],
    ['a clock that is off', { now: Date.now() + 90_000 }, /clock is \d\d s ahead/],
    [
      'a PUBLIC_URL that nobody answers',
      { env: { PUBLIC_URL: 'http://127.0.0.1:2' } },
      /No answer from http:\/\/127\.0\.0\.1:2/,
    ],
    [
      'a proxy in front that TRUST_PROXY does not name',
      { env: { PUBLIC_URL: 'https://127.0.0.1:2' } },
      /advice: TRUST_PROXY: It is not set, and PUBLIC_URL is https/,
    ],
    [
      'a database that cannot be reached',
      { env: { DATABASE_URL: 'postgres://u:p@127.0.0.1:2/d' } },
      /DATABASE_URL: PostgreSQL does not answer: connect ECONNREFUSED 127\.0\.0\.1:2/,
    ],
  ])('names %s, with a fix', async (_, planted, expected) => {
    const { lines, stand_in } = await doctor(planted)
    expect(
      lines.filter((line) => expected.test(line)),
      lines.join('\n'),
    ).not.toEqual([])
    expect([stand_in.dispatches, stand_in.workflows.started]).toEqual([[], []])
  })
})
