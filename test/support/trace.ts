/** One finished system call of a trace. */
export interface SystemCall {
  name: string
  /** What stands between the parentheses, with file descriptors named (`strace -y`). */
  args: string
  /** Lines of the trace at which it began and ended. */
  began: number
  ended: number
}

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/
const UNFINISHED = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/

/** Reads what `strace -f -y -o FILE` wrote. Failed calls are left out. */
export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, { args: string; began: number }>()
  text.split('\n').forEach((line, at) => {
    const unfinished = UNFINISHED.exec(line)
    if (unfinished !== null) {
      const [, pid = '', name = '', args = ''] = unfinished
      open.set(`${pid} ${name}`, { args, began: at })
      return
    }
    const [, pid = '', name = '', args = '', result = '-1'] = WHOLE.exec(line) ?? RESUMED.exec(line) ?? []
    const first = open.get(`${pid} ${name}`)
    open.delete(`${pid} ${name}`)
    if (Number(result) < 0) return
    calls.push({ name, args: `${first?.args ?? ''}${args}`, began: first?.began ?? at, ended: at })
  })
  return calls
}

/**
 * What keeps the answer to the first request of a trace from being a promise: null when, after the request was read
 * and before the first byte of `HTTP/1.1 202` was written, the log of the store was written and then synchronised.
 */
export function whyNotDurable(calls: readonly SystemCall[]): string | null {
  const is = (names: readonly string[], part: string) => (call: SystemCall) =>
    names.includes(call.name) && call.args.includes(part)
  const request = calls.find(is(['read', 'recvfrom', 'readv'], 'POST /webhooks/'))
  if (request === undefined) return 'no request was read'
  const answer = calls.find(is(['write', 'writev', 'sendto', 'sendmsg'], 'HTTP/1.1 202'))
  if (answer === undefined) return 'no 202 was written'
  const between = calls.filter(({ began, ended }) => began > request.began && ended < answer.began)
  const written = between.findLast(is(['pwrite64', 'write', 'pwritev'], '.sqlite-wal>'))
  if (written === undefined) return 'nothing was written to the WAL before the answer'
  const synced = between.find(
    (call) => is(['fdatasync', 'fsync'], '.sqlite-wal>')(call) && call.began > written.ended,
  )
  return synced === undefined ? 'the WAL was not synchronised between its last write and the answer' : null
}
