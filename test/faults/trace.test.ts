import { describe, expect, it } from 'vitest'
import { readTrace, whyNotDurable } from '../support/trace.ts'

const WAL = '22</data/model-dispatch.sqlite-wal>'
const READ = '10 read(25<socket:[1]>, "POST /webhooks/wandb HTTP/1.1\\r\\n"..., 65536) = 400'
const WRITE = `11 pwrite64(${WAL}, "..."..., 4096, 32) = 4096`
const SYNC = `11 fdatasync(${WAL}) = 0`
const ANSWER =
  '10 writev(25<socket:[1]>, [{iov_base="HTTP/1.1 202 Accepted\\r\\n"..., iov_len=200}], 2) = 400'

const verdict = (...lines: string[]) => whyNotDurable(readTrace(lines.join('\n')))

describe('a trace of system calls', () => {
  it('is good when the WAL was written, then synchronised, then the answer sent', () => {
    expect(verdict(READ, WRITE, SYNC, ANSWER)).toBeNull()
    expect(
      verdict(READ, WRITE, `11 fdatasync(${WAL} <unfinished ...>`, '11 <... fdatasync resumed>) = 0', ANSWER),
    ).toBeNull()
  })

  it.each([
    ['nothing was synchronised', [READ, WRITE, ANSWER]],
    ['it was synchronised after the answer', [READ, WRITE, ANSWER, SYNC]],
    ['it was synchronised before it was written', [READ, SYNC, WRITE, ANSWER]],
    ['only an earlier commit was synchronised', [WRITE, SYNC, READ, WRITE, ANSWER]],
    [
      'another file was synchronised',
      [READ, WRITE, '11 fdatasync(23</data/model-dispatch.sqlite>) = 0', ANSWER],
    ],
    ['synchronising failed', [READ, WRITE, `11 fdatasync(${WAL}) = -1 EIO (Input/output error)`, ANSWER]],
    [
      'it was still being synchronised when the answer was sent',
      [READ, WRITE, `11 fdatasync(${WAL} <unfinished ...>`, ANSWER, '11 <... fdatasync resumed>) = 0'],
    ],
  ])('is bad when %s', (_, lines) => {
    expect(verdict(...lines)).toBe('the WAL was not synchronised between its last write and the answer')
  })

  it('is bad when nothing was written, answered or asked at all', () => {
    expect(verdict(READ, SYNC, ANSWER)).toMatch(/nothing was written/)
    expect(verdict(READ, WRITE, SYNC)).toMatch(/no 202/)
    expect(verdict(WRITE, SYNC, ANSWER)).toMatch(/no request/)
  })
})
