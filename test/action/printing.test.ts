import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeHtml, printable } from '../../src/printable.ts'
import { runAction } from '../support/run-action.ts'
import { dispatched, modelEvent } from './events.ts'

/** `ActionCommand.TryParseV2` of the runner, for any command's name. */
function commandV2(line: string): string | null {
  const text = line.trimStart()
  const end = text.indexOf('::', 2)
  return text.startsWith('::') && end >= 0 ? (text.slice(2, end).split(' ')[0] ?? '') : null
}

/** `ActionCommand.TryParse` of the runner, for any command's name. */
function commandV1(line: string): string | null {
  const start = line.indexOf('##[')
  const end = line.indexOf(']', start)
  return start >= 0 && end >= 0 ? (line.slice(start + 3, end).split(' ')[0] ?? '') : null
}

/** Every command that the runner would see, line by line as its reader splits them. */
function commands(stdout: string): string[] {
  return stdout
    .split(/\r\n|[\r\n]/)
    .map((line) => commandV2(line) ?? commandV1(line))
    .filter((name) => name !== null)
}

const attack = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::',
        '##[',
        ':',
        '#',
        '[',
        ']',
        ' ',
        '\n',
        '\r',
        '\r\n',
        '\t',
        '%0A',
        '\u2028',
        '\u200b',
        '\0',
      ),
      fc.constantFrom(
        'add-mask',
        'set-output name=admin',
        'stop-commands',
        'true',
        'error',
        '::set-output name=a::b',
      ),
      fc.string({ unit: 'binary' }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''))

describe('what the Action prints', () => {
  it('the test sees the commands that the runner would obey', () => {
    expect(commands('  ::add-mask::x\nok ##[set-output name=a]b\r::warning file=a::b\n:: ::')).toEqual([
      'add-mask',
      'set-output',
      'warning',
      '',
    ])
  })

  it('holds no command, whatever it was made of', () => {
    fc.assert(
      fc.property(attack, (text) => {
        expect(commands(printable(text))).toEqual([])
        expect(commands(`Matched: ${printable(text)}`)).toEqual([])
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps ordinary text as it is', () => {
    expect(printable('resnet50 v3 -> production: 漢字, 50% done')).toBe(
      'resnet50 v3 -> production: 漢字, 50% done',
    )
  })

  it('is one notice or warning and no other command for a hostile event, and one error with on-mismatch: fail', async () => {
    await fc.assert(
      fc.asyncProperty(attack, fc.constantFrom('true', 'false'), async (text, strict) => {
        const event = modelEvent({
          type: text,
          title: text,
          author: text,
          source: { name: text, type: 'wandb' },
          model: { name: text, version: text, reference: null, pinned: null, id: text, url: text },
          change: { alias: text, tags: [text] },
        })
        const file = dispatched(event)
        const aliases = 'no alias has this name'
        const step = await runAction({ inputs: { aliases, strict }, event: file })
        expect(commands(step.stdout)).toEqual([expect.stringMatching(/^(notice|warning)$/)])
        expect(step.stderr).toBe('')
        const failing = await runAction({ inputs: { aliases, strict, 'on-mismatch': 'fail' }, event: file })
        expect(commands(failing.stdout)).toEqual(['error'])
        const matching = await runAction({ inputs: { strict: 'false' }, event: file })
        expect(commands(matching.stdout)).toEqual([])
        expect(matching.outputs['author']).toBe(text.toWellFormed().replaceAll('\0', '\uFFFD'))
      }),
      { numRuns: 12 },
    )
  }, 60_000)

  it('holds no command for payloads and event files that are not understood', async () => {
    const text = '##[add-mask]true\n::set-output name=matched::true\r\n::add-mask::x'
    const runs = await Promise.all([
      runAction({ inputs: { payload: text } }),
      runAction({ event: text }),
      runAction({ event: { client_payload: { model_event: { schema: `model-dispatch/${text}` } } } }),
      runAction({ inputs: { environments: text.replaceAll('=', '') } }),
      runAction({ inputs: { strict: text } }),
    ])
    expect(runs.map(({ stdout }) => commands(stdout))).toEqual([
      ['warning'],
      ['warning'],
      ['error'],
      ['error'],
      ['error'],
    ])
  })
})

describe('what the Action writes to the summary', () => {
  it('is text, whatever it was made of', () => {
    fc.assert(
      fc.property(
        attack,
        fc.constantFrom('<', '>', '&', '|', '`', '"', "'", '[x](https://e.com)', '@me'),
        (a, b) => {
          expect(escapeHtml(a + b).replace(/&#\d+;/g, '')).not.toMatch(/[<>&|`"'[\]()@*_!\r\n]/)
        },
      ),
    )
  })

  it('shows a hostile value as text', async () => {
    const event = modelEvent({ model: { name: '<img src=x onerror=a()> | `b` ![c](https://e.com)' } })
    const { summary } = await runAction({ event: dispatched(event) })
    expect(summary).toContain('&#60;img src&#61;x')
    expect(summary).not.toMatch(/<img|`|\||https:/)
  })

  it('links plain https addresses alone, each under its own text', async () => {
    const shown = (url: string) => runAction({ event: dispatched(modelEvent({ model: { url } })) })
    const { summary } = await shown('https://wandb.ai/x')
    expect(/Model page.*?<a href="([^"]*)"><code>([^<]*)<\/code><\/a>/.exec(summary)?.slice(1)).toEqual(
      Array(2).fill('https&#58;//wandb.ai/x'),
    )
    for (const url of ['javascript:x', 'http://wandb.ai/x', 'https://a/"onclick=b', 'https://a b']) {
      expect((await shown(url)).summary).not.toMatch(/Model page|javascript|onclick/)
    }
  })
})
