import { describe, expect, it } from 'vitest'
import { MESSAGES_PAGE, messagesPage } from '../../scripts/docs/messages-page.ts'
import { answerCodes, logLinesOf, refusalReasons, rowsOf, sentencesOf } from '../../scripts/docs/messages.ts'
import { parse } from 'yaml'
import { anchors, named, readProject, tableUnder } from './markdown.ts'

const PAGE = readProject('docs/troubleshooting.md')

/** What stands between backticks in the first cells of the table under a heading. */
function namesUnder(heading: string): string[] {
  return tableUnder(PAGE, heading).flatMap(([cell = '']) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name),
  )
}

const missing = (known: Iterable<string>, documented: readonly string[]) =>
  [...new Set(known)].filter((one) => !documented.includes(one))

describe('docs/messages.md', () => {
  it('has every message that comes with a fix, as the sources have it (npm run docs)', () => {
    expect(readProject(MESSAGES_PAGE)).toBe(messagesPage())
  })

  it('gives each message an anchor of its own', () => {
    const rows = readProject(MESSAGES_PAGE).match(/^\| <a id=/gm) ?? []
    const ids = anchors(readProject(MESSAGES_PAGE)).filter((anchor) => anchor.includes('-'))
    expect(rows.length).toBeGreaterThan(100)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('docs/troubleshooting.md', () => {
  it('explains every answer of GitHub that the receiver tells apart, each under an anchor', () => {
    const rows = rowsOf('receiver/github/answers.ts')
    expect(rows.length).toBeGreaterThan(15)
    expect(namesUnder('## A delivery failed')).toEqual(expect.arrayContaining(rows))
    expect(
      missing(
        rows.map((id) => `github-${id}`),
        anchors(PAGE),
      ),
    ).toEqual([])
  })

  it('explains every reason why no answer came, each under an anchor', () => {
    const rows = rowsOf('receiver/outbound/no-answer.ts')
    expect(rows.length).toBeGreaterThan(5)
    expect(
      missing(
        rows.map((id) => `no-answer-${id}`),
        anchors(PAGE),
      ),
    ).toEqual([])
  })

  it('explains everything that a delivery can wait for', () => {
    const reasons = sentencesOf('receiver/policy/waiting.ts')
    expect(reasons.length).toBeGreaterThan(5)
    expect(missing(reasons, namesUnder('## A delivery waits'))).toEqual([])
  })

  it('explains every reason of a 401', () => {
    expect(missing(refusalReasons(), namesUnder('### 401 in the registry'))).toEqual([])
  })

  it('explains the code of every error that the receiver answers with, each under an anchor', () => {
    const codes = answerCodes().map(({ code }) => code)
    expect(codes.length).toBeGreaterThan(20)
    expect(missing(codes, anchors(PAGE))).toEqual([])
    const api = answerCodes().filter(({ file }) => file.startsWith('receiver/api/'))
    const inTable = namesUnder('## The API answers with an error')
    expect(
      missing(
        api.map(({ code }) => code),
        inTable,
      ),
    ).toEqual([])
  })

  it('explains every line of the log', () => {
    const lines = logLinesOf().map(({ text }) => text)
    expect(lines.length).toBeGreaterThan(20)
    expect(missing(lines, namesUnder('## Lines in the log'))).toEqual([])
  })

  it("explains every value of the Action's output reason, each under an anchor", () => {
    const { outputs } = parse(readProject('action.yml')) as { outputs: { reason: { description: string } } }
    const [, values = ''] = /: ([a-z-]+(?:, [a-z-]+)* or [a-z-]+)\./.exec(outputs.reason.description) ?? []
    const reasons = values.split(/, | or /)
    expect(reasons).toContain('unsafe-value')
    expect(tableUnder(PAGE, '## The workflow runs, but not its jobs').map(([cell = '']) => cell)).toEqual(
      reasons.map((reason) => `<a id="reason-${reason}"></a>${named(reason)}`),
    )
  })

  it('says of an error in access to redeliver, and of an error in the configuration to replay the event', () => {
    const fixes = new Map(
      tableUnder(PAGE, '## A delivery failed').map(([name = '', , fix = '']) => [
        /`([^`]+)`/.exec(name)?.[1],
        fix,
      ]),
    )
    for (const access of ['missing-permission', 'single-sign-on', 'forbidden'])
      expect(fixes.get(access)).toContain('**redeliver**')
    for (const configuration of ['moved', 'gone', 'blocked-by-law'])
      expect(fixes.get(configuration)).toContain('**replay**')
    for (const either of ['not-found', 'invalid'])
      expect(fixes.get(either)).toMatch(/\*\*redeliver\*\*.*\*\*replay\*\*|\*\*replay\*\*.*\*\*redeliver\*\*/)
  })
})
