import { globSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readProject, ROOT } from './markdown.ts'

const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT }).sort()

interface Job {
  'timeout-minutes'?: number
  permissions?: Record<string, string>
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[]
}
interface Workflow {
  permissions?: Record<string, string>
  jobs: Record<string, Job>
}

describe('the workflows of this repository', () => {
  it('are there for tests, the bundle and the image', () => {
    expect(WORKFLOWS.map((file) => file.replace('.github/workflows/', ''))).toEqual([
      'check-dist.yml',
      'ci.yml',
      'container.yml',
    ])
  })

  describe.each(WORKFLOWS)('%s', (file) => {
    const text = readProject(file)
    const workflow = parse(text) as Workflow
    const jobs = Object.values(workflow.jobs)
    const steps = jobs.flatMap((job) => job.steps)

    it('pins each action by commit, with its version beside it', () => {
      const uses = text.split('\n').filter((line) => line.includes('uses:'))
      expect(uses.length).toBeGreaterThan(0)
      for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    })

    it('may read the repository and nothing more, but for the job that publishes the image', () => {
      expect(workflow.permissions).toEqual({ contents: 'read' })
      for (const [name, job] of Object.entries(workflow.jobs)) {
        const allowed = name === 'publish' ? { contents: 'read', packages: 'write' } : undefined
        expect(job.permissions).toEqual(allowed)
      }
    })

    it('leaves no token in the checkout and puts no expression into a script', () => {
      for (const step of steps) {
        if (step.uses?.startsWith('actions/checkout@') === true)
          expect(step.with).toMatchObject({ 'persist-credentials': false })
        expect(step.run ?? '').not.toContain('${{')
      }
    })

    it('ends each job by itself', () => {
      for (const job of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(90)
    })
  })
})

describe('Dependabot', () => {
  const { updates } = parse(readProject('.github/dependabot.yml')) as {
    updates: { 'package-ecosystem': string; cooldown?: { 'default-days': number } }[]
  }

  it('looks after packages, actions and images, and lets new versions wait a week', () => {
    expect(updates.map((update) => update['package-ecosystem'])).toEqual([
      'npm',
      'github-actions',
      'docker',
      'docker-compose',
    ])
    for (const { cooldown } of updates) expect(cooldown?.['default-days']).toBeGreaterThanOrEqual(7)
  })
})

describe('the Node.js of this repository', () => {
  it('is the same in .nvmrc, package.json, the image and the check of the tests', () => {
    const { engines } = JSON.parse(readProject('package.json')) as { engines: { node: string } }
    expect(readProject('.nvmrc')).toBe('24\n')
    expect(engines.node).toBe('>=24')
    expect(readProject('Dockerfile')).toMatch(/^FROM node:24-bookworm-slim@sha256:[0-9a-f]{64} AS base$/m)
    expect(readProject('vitest.config.ts')).toContain('NODE_MAJOR = 24')
  })
})
