import { expect, it } from 'vitest'
import type { Operation } from '../standins/github/openapi.ts'
import { DISPATCH, doctor, files, START, STARTED, type Case } from './scene.ts'

const OPERATIONS: Operation[] = [
  'repository',
  'contents',
  'workflow_file',
  'workflow_files',
  'dispatch',
  'token',
]
const JSON_TYPE = { 'content-type': 'application/json' }

/** A server in GitHub's place, or the rest of its answers on the way. */
const ANSWERS: [string, { headers?: Record<string, string>; body?: string; status?: number }][] = [
  ['a page of a proxy', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }],
  ['a page that says it is JSON', { headers: JSON_TYPE, body: '<html>Sign in</html>' }],
  ['nothing', { headers: JSON_TYPE, body: '' }],
  ['half of an answer', { headers: JSON_TYPE, body: '[{"name":"deploy.yml","path":".github/workfl' }],
  ['null', { headers: JSON_TYPE, body: 'null' }],
  [
    'a list of nothing',
    { headers: JSON_TYPE, body: '[null, 1, "x", {"name": null}, {"name": "deploy.yml"}]' },
  ],
  ['odd fields', { headers: JSON_TYPE, body: '{"full_name":1,"state":{},"content":[],"workflows":[null]}' }],
  [
    'control characters',
    {
      headers: JSON_TYPE,
      body: '{"full_name":"a/\\u001b[2Jb","default_branch":"m\\nproblem: x","content":"W1tb"}',
    },
  ],
  ['20 MiB', { headers: JSON_TYPE, body: JSON.stringify({ full_name: 'x'.repeat(20 * 2 ** 20) }) }],
  ['content that nests 100,000 deep', { headers: JSON_TYPE, body: JSON.stringify({ content: deep() }) }],
  ['a status that nobody expects', { status: 299, headers: JSON_TYPE, body: '{}' }],
]

function deep(): string {
  return Buffer.from('['.repeat(100_000)).toString('base64')
}

it.each(ANSWERS)('the doctor reports %s in place of any answer of GitHub, and goes on', async (_, answer) => {
  const cases: Case[] = [{ destination: DISPATCH }, { github: files(STARTED), destination: START }]
  for (const one of cases)
    for (const operation of OPERATIONS) {
      const plant: Case['plant'] = (github) =>
        github.failNext({ kind: 'custom', status: 200, ...answer }, { operation, times: 99 })
      const { lines } = await doctor({ ...one, plant })
      for (const line of lines) {
        expect(line).toMatch(/^(problem|advice): .+: .+ -> .+$/)
        // eslint-disable-next-line no-control-regex
        expect(line).not.toMatch(/[\u0000-\u001f]/)
        expect(line.length).toBeLessThan(2_000)
        expect(line).not.toContain('could not be examined')
      }
      if (operation === 'repository' || operation === 'contents') expect(lines).not.toEqual([])
    }
})
