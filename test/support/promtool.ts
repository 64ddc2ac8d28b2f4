import { spawnSync } from 'node:child_process'
import { mustRun } from './must-run.ts'

/** Whether promtool is here. */
export const hasPromtool = mustRun(
  spawnSync('promtool', ['--version']).status === 0,
  'the check of the metrics',
  "promtool is not installed: it is in Debian's package prometheus",
)
/** Returns what promtool complains of; nothing where it is content. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return status === 0 ? '' : `${status} ${stdout}${stderr}`
}
