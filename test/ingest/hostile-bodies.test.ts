import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, type Body } from '../support/send.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene.close())

/** Sends a body that matches; gives the event as it is stored and the `client_payload` that reached GitHub. */
async function through(body: Body) {
  const answer = await sendWandb(scene.receiver.url, body)
  expect(answer.status, answer.text).toBe(202)
  const id = String(answer.body['event_id'])
  const dispatched = () =>
    scene.github.dispatches.find(
      ({ client_payload }) => (client_payload['model_event'] as { id?: unknown }).id === id,
    )
  await expect.poll(dispatched, { timeout: 5_000 }).toBeDefined()
  const { body: stored } = await scene.receiver.api(`/api/v1/events/${id}`)
  return { stored, sent: dispatched()?.client_payload ?? {}, text: dispatched()?.body ?? '' }
}

/** The alias body as text, with more members put in as they are. */
const withMembers = (members: string) => JSON.stringify(aliasBody()).replace(/\}$/, `,${members}}`)

describe('A body that is accepted, stored and dispatched', () => {
  it('may have U+0000 in its texts and keys', async () => {
    const { sent, text } = await through(
      withMembers('"note":"a\\u0000b","k\\u0000":1,"event_author":"ja\\u0000ne"'),
    )
    expect(text).not.toContain('\\u0000')
    expect(sent['event_author']).toBe('ja\uFFFDne')
  })

  it('may have lone surrogates', async () => {
    const { sent, text } = await through(withMembers('"event_author":"x\\ud800y","note":"\\udfff"'))
    expect(sent['event_author']).toBe('x\uFFFDy')
    expect(text.isWellFormed()).toBe(true)
    expect(text).not.toMatch(/\\ud8|\\udf/i)
  })

  it('may have keys of the prototype, plain and escaped, which change nothing and are dropped', async () => {
    const { sent, stored } = await through(
      withMembers(
        '"__proto__":{"polluted":1},"\\u005f_proto__":{"polluted":2},"constructor":{"prototype":{"polluted":3}}',
      ),
    )
    const { extra } = sent['model_event'] as { extra: object }
    expect(JSON.stringify(extra)).not.toContain('__proto__')
    expect(stored['polluted']).toBeUndefined()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect((await sendWandb(scene.receiver.url, {})).body['polluted']).toBeUndefined()
  })

  it('may have the words of shells, workflows, templates, HTML and logs, which stay plain text', async () => {
    const author =
      '$(reboot) `id` ${{ secrets.X }} ${event.id} ${ACCESS_TOKEN} <script>\n::error::x\r\n\u001b[31m'
    const { sent } = await through(aliasBody({ event_author: author }))
    expect(sent['event_author']).toBe(author)
    const lines = scene.receiver.output.trimEnd().split('\n')
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
    expect(scene.receiver.output).not.toContain('\u001b')
  })

  it('may have numbers beyond what JavaScript holds, very long texts and many keys', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `"key${n}":${n}`).join(',')
    const { text } = await through(
      withMembers(
        `"big":123456789012345678901234567890,"tiny":1e-999,"huge":1e999,"long":"${'é'.repeat(100_000)}",${many}`,
      ),
    )
    const { client_payload } = JSON.parse(text) as { client_payload: Record<string, unknown> }
    expect(Buffer.byteLength(JSON.stringify(client_payload))).toBeLessThanOrEqual(60_000)
    expect(Object.keys(client_payload).length).toBeLessThanOrEqual(10)
    expect((client_payload['model_event'] as { truncated: string[] }).truncated).not.toEqual([])
    expect(client_payload['artifact_version_string']).toBe('my-team/model-registry/resnet50:production')
  })

  it('may have the same key twice: the last one counts', async () => {
    const { sent } = await through(withMembers('"event_author":"first","event_author":"second"'))
    expect(sent['event_author']).toBe('second')
  })

  it('may have values of the wrong types', async () => {
    const { sent } = await through(
      aliasBody({
        event_author: { name: 'jane' },
        tag: [1],
        entity_name: 7,
        project_name: null,
        artifact_version_string: '7/model-registry/resnet50:production',
        metadata: 'none',
      }),
    )
    expect(sent['entity_name']).toBe('7')
    expect(sent['event_author']).toBe('')
  })
})

it('keeps the raw body as it came, byte for byte', async () => {
  const text = withMembers(' "note" : "a\\u0000b" ,\n\t"é":"\\u00e9"')
  const { body } = await sendWandb(scene.receiver.url, text)
  const stored = await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)
  expect(stored.body['raw']).toBe(text)
})
