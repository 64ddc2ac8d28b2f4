/**
 * For tests that need something of the machine: gives `available`, and says on stderr what does not run where it
 * is missing. In CI everything must be there.
 */
export function mustRun(available: boolean, what: string, missing: string): boolean {
  if (available) return true
  if (process.env['CI'] === 'true') throw new Error(`${what} must run in CI, but ${missing}.`)
  console.warn(`\n*** Skipped: ${what} (${missing}).\n`)
  return false
}
