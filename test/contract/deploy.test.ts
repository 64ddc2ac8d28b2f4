import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { codeBlocks, readProject } from './markdown.ts'

const BLOCKS = codeBlocks(readProject('docs/deploy.md'))
const blockOf = (language: string, part: string) =>
  BLOCKS.find((block) => block.language === language && block.text.includes(part))?.text ?? ''

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-deploy-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe("the page's systemd unit", () => {
  const unit = blockOf('ini', '[Service]')
  const settings = unit
    .split('\n')
    .filter((line) => line.includes('=') && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
  const valuesOf = (name: string) => settings.filter(([key]) => key === name).map(([, value]) => value)

  it('starts what npm start runs, as a user of its own', () => {
    const { scripts } = JSON.parse(readProject('package.json')) as { scripts: Record<string, string> }
    const [start = ''] = valuesOf('ExecStart')
    expect(scripts['start']).toBe(`exec node ${start.slice(start.indexOf(' ') + 1)}`)
    expect(valuesOf('User')).toEqual(['model-dispatch'])
  })

  it('gives the receiver longer to stop than it takes, and does not restart what cannot start', () => {
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(5 + 20 + 5)
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2'])
  })

  it.runIf(systemdVersion() >= 252)('has the exposure that the page states', () => {
    const file = join(folder, 'model-dispatch.service')
    writeFileSync(file, unit)
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    })
    const [, score] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    expect(readProject('docs/deploy.md')).toContain(`an exposure of ${score ?? 'nothing'} of 10`)
  })
})

/** The version of systemd-analyze; 0 where it is not installed. */
function systemdVersion(): number {
  const { stdout, status } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
  return status === 0 ? Number(/^systemd (\d+)/.exec(stdout)?.[1] ?? 0) : 0
}
