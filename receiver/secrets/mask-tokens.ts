/** How GitHub's tokens begin: classic, of Apps (also the stateless `ghs_APPID_JWT` form), and fine-grained ones. */
const PREFIX = /gh[pousr]_|github_pat_/g
/** How the header of a JWT begins: `{"` in base64url. */
const HEADER = /eyJ/g

/** The least length of a token after its prefix, and of the first two parts of a JWT after `eyJ`. */
const LEAST_TOKEN = 16
const LEAST_PART = 8

/**
 * Masks everything that has the shape of a GitHub token or a JWT. Tokens may look like anything else too, which is why
 * the one in use is masked by its value. Every place is looked at once: an expression for a whole JWT would have to
 * look from each `eyJ` of `eyJeyJeyJ…` at all that comes after it.
 */
export function maskTokens(text: string, mask: string): string {
  const rest = maskRuns(text, mask, PREFIX, (run, prefix) => (run.length >= prefix + LEAST_TOKEN ? 0 : null))
  return maskRuns(rest, mask, HEADER, jwtStart)
}

/** Masks runs of the characters of tokens from where `begins` says, if anywhere. A run starts at the first `start`. */
function maskRuns(
  text: string,
  mask: string,
  start: RegExp,
  begins: (run: string, prefix: number) => number | null,
): string {
  const next = new RegExp(start)
  let masked = ''
  let done = 0
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    const end = endOfRun(text, found.index)
    const from = begins(text.slice(found.index, end), found[0].length)
    if (from !== null) {
      masked += text.slice(done, found.index + from) + mask
      done = end
    }
    next.lastIndex = end
  }
  return masked + text.slice(done)
}

function endOfRun(text: string, start: number): number {
  let end = start
  while (end < text.length && isOfToken(text.charCodeAt(end))) end += 1
  return end
}

/** Returns whether a character is one of `A-Za-z0-9_.-`. */
function isOfToken(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x2e || code === 0x2d
}

/** Returns where a JWT begins in a run: at the `eyJ` of a part that two more follow. */
function jwtStart(run: string): number | null {
  const parts = run.split('.')
  let offset = 0
  for (const [i, part] of parts.slice(0, -2).entries()) {
    const at = part.indexOf('eyJ')
    const isHeader = at !== -1 && part.length - at >= 'eyJ'.length + LEAST_PART
    if (isHeader && (parts[i + 1] ?? '').length >= LEAST_PART) return offset + at
    offset += part.length + 1
  }
  return null
}
