import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canHave } from '../faults/small-disk.ts'
import { startGitHub } from '../standins/github/index.ts'
import { aliasBody } from '../support/send.ts'
import { Beginner, type Said } from './mistake-scene.ts'

/**
 * A mistake, the command that shows it, what its message must say, and what the message tells one to do: the first of
 * these steps, and a second one where the first brings another message.
 */
interface Planted {
  plant: (one: Beginner) => void
  command?: (one: Beginner) => Promise<Said>
  says: RegExp
  mend: ((one: Beginner) => void)[]
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'receiver', 'main.ts')
const TOKEN = 'ghp_0123456789abcdef0123456789abcdef0123'
const check = (one: Beginner) => one.run('check')
const serve = (one: Beginner) => one.serve()
const made = mkdtempSync(join(tmpdir(), 'model-dispatch-made-'))

beforeAll(() => {
  const args = [PROGRAM, 'init', '--repository', 'acme/serving', join(made, 'model-dispatch.yaml')]
  execFileSync(process.execPath, args)
  const one = new Beginner(made)
  one.set('GITHUB_TOKEN', TOKEN)
  one.set('PORT', '0')
  execFileSync('cp', [join(one.folder, '.env'), join(made, '.env')])
  rmSync(one.folder, { recursive: true })
})
afterAll(() => rmSync(made, { recursive: true }))

const OF_THE_FILE: Record<string, Planted> = {
  'a line with three spaces instead of four': {
    plant: (one) => one.edit('    events', '   events'),
    says: /model-dispatch\.yaml:12: .*not indented as the keys.*\n {2}-> .*same column.*begins in column 4/,
    mend: [(one) => one.edit('   events', '    events')],
  },
  'a tab as indentation': {
    plant: (one) => one.edit('    events', '\tevents'),
    says: /model-dispatch\.yaml:12: .*Tabs are not allowed.*\n {2}-> Write spaces in place of the tabs/,
    mend: [(one) => one.edit('\tevents', '    events')],
  },
  'a misspelt key': {
    plant: (one) => one.edit('destinations:', 'destination:'),
    says: /:14: automations\[0\]\.destination: there is no such key here\n {2}-> Did you mean `destinations`\?/,
    mend: [(one) => one.edit('destination:', 'destinations:')],
  },
  'the alias beside the filter': {
    plant: (one) => one.edit('filter: { alias: production }', 'alias: production'),
    says: /:13: automations\[0\]\.alias: there is no such key here\n {2}-> It belongs below `filter`/,
    mend: [(one) => one.edit('alias: production', 'filter: { alias: production }')],
  },
  'an event that is no list': {
    plant: (one) => one.edit('[alias.added]', 'alias.added'),
    says: /:12: automations\[0\]\.events: must be a list.*\n {2}-> Write it as a list, in brackets: `events: \[ … \]`/,
    mend: [(one) => one.edit('events: alias.added', 'events: [alias.added]')],
  },
  'a misspelt event': {
    plant: (one) => one.edit('alias.added', 'ADD_ARTIFACT_ALAIS'),
    says: /"ADD_ARTIFACT_ALAIS" is no event of wandb\n {2}-> Did you mean `ADD_ARTIFACT_ALIAS`\?/,
    mend: [(one) => one.edit('ADD_ARTIFACT_ALAIS', 'ADD_ARTIFACT_ALIAS')],
  },
  'a repository as its URL': {
    plant: (one) => one.edit('acme/serving', 'https://github.com/acme/serving'),
    says: /is not a repository\n {2}-> Write owner\/name, as in "acme\/serving"/,
    mend: [(one) => one.edit('https://github.com/acme/serving', 'acme/serving')],
  },
  'an alias_regex with an open bracket': {
    plant: (one) => one.edit('alias: production', "alias_regex: 'prod('"),
    says: /:13: automations\[0\]\.filter\.alias_regex: .*missing closing \).*\n {2}-> .*takes a backslash: \\\(/,
    mend: [(one) => one.edit("'prod('", "'prod\\('")],
  },
  'two automations of one name': {
    plant: (one) =>
      one.append(
        '  - { name: deploy, events: [version.created], destinations: [{ type: repository_dispatch, repository: acme/two }] }\n',
      ),
    says: /:18: automations\[1\]\.name: another automation has this name\n {2}-> .*rename one of the two/,
    mend: [(one) => one.edit('{ name: deploy,', '{ name: deploy-two,')],
  },
  'a key of its own for an anchor': {
    plant: (one) => one.append('defaults: &defaults { alias: production }\n'),
    says: /:18: defaults: there is no such key here\n {2}-> .*begins with x-: `x-defaults`/,
    mend: [(one) => one.edit('defaults: &', 'x-defaults: &')],
  },
  'an environment variable in the file': {
    plant: (one) => one.append('PORT: 9090\n'),
    says: /:18: PORT: there is no such key here\n {2}-> Environment variables are set where the receiver starts.*remove it here/,
    mend: [
      (one) => {
        one.edit('PORT: 9090\n', '')
        one.set('PORT', '9090')
      },
    ],
  },
  'a token below `github` itself': {
    plant: (one) => one.append(`github:\n  token: ${TOKEN}\n`),
    says: /:19: github\.token: must be a map.*\n {2}-> `token` belongs below a name: `github: \{ NAME: \{ token: … \} \}`.*`main` comes from the environment/,
    mend: [(one) => one.edit(`github:\n  token: ${TOKEN}\n`, '')],
  },
  'a URL with localhost': {
    plant: (one) => one.append('      - { type: webhook, url: "http://localhost:3000/hook" }\n'),
    says: /http:\/\/ would send to localhost.*\n {2}-> .*OUTBOUND_ALLOW_HTTP=true and OUTBOUND_ALLOW_CIDRS=127\.0\.0\.0\/8,::1\/128/,
    mend: [
      (one) => {
        one.set('OUTBOUND_ALLOW_HTTP', 'true')
        one.set('OUTBOUND_ALLOW_CIDRS', '127.0.0.0/8,::1/128')
      },
    ],
  },
  'a file with another name': {
    plant: ({ folder }) =>
      renameSync(join(folder, 'model-dispatch.yaml'), join(folder, 'model-dispatch.yml')),
    says: /cannot be read \(ENOENT\)\n {2}-> There is model-dispatch\.yml beside it: rename it/,
    mend: [
      ({ folder }) => renameSync(join(folder, 'model-dispatch.yml'), join(folder, 'model-dispatch.yaml')),
    ],
  },
}

const OF_THE_ENVIRONMENT: Record<string, Planted> = {
  'a secret that .env does not have': {
    plant: (one) => one.unset('WANDB_WEBHOOK_SECRET'),
    says: /:8: .*variable WANDB_WEBHOOK_SECRET is not set\n {2}-> Set WANDB_WEBHOOK_SECRET where the receiver starts/,
    mend: [(one) => one.set('WANDB_WEBHOOK_SECRET', 'a-secret-of-the-beginner-0001')],
  },
  'a .env that nobody has read': {
    plant: (one) => (one.how = 'not at all'),
    says: /WANDB_WEBHOOK_SECRET is not set\n {2}-> .*stands in \.env, which nobody has read: `set -a; \. \.\/\.env; set \+a`/,
    mend: [(one) => (one.how = 'shell')],
  },
  'values in quotes, with docker --env-file': {
    plant: (one) => {
      one.how = 'docker'
      one.set('GITHUB_TOKEN', `"${TOKEN}"`)
    },
    says: /GITHUB_TOKEN: is in quotes.*\n {2}-> Write the value without quotes/,
    mend: [(one) => one.set('GITHUB_TOKEN', TOKEN)],
  },
  'a port that there is not': {
    plant: (one) => one.set('PORT', '80800'),
    says: /environment: PORT: is not a whole number from 0 to 65535/,
    mend: [(one) => one.set('PORT', '8080')],
  },
  'a SECRETS_KEY in hex': {
    plant: (one) => one.set('SECRETS_KEY', randomBytes(32).toString('hex')),
    says: /SECRETS_KEY: is not 32 bytes in base64\n {2}-> Make one: openssl rand -base64 32/,
    mend: [(one) => one.set('SECRETS_KEY', randomBytes(32).toString('base64'))],
  },
  'an ADMIN_TOKEN that is too short': {
    plant: (one) => one.set('ADMIN_TOKEN', 'admin'),
    says: /ADMIN_TOKEN: is shorter than 24 characters\n {2}-> Use a random one: openssl rand -base64 32/,
    mend: [(one) => one.set('ADMIN_TOKEN', randomBytes(32).toString('base64'))],
  },
  'a DATABASE_URL without a database': {
    plant: (one) => one.set('DATABASE_URL', 'postgres://me:pw@127.0.0.1:5432'),
    says: /DATABASE_URL: names no database\n {2}-> Add its name: postgres:\/\/user:password@host:5432\/database/,
    mend: [(one) => one.set('DATABASE_URL', 'postgres://me:pw@127.0.0.1:5432/dispatch')],
  },
}

/** Plants, looks, and does what the message says, at most twice. */
async function follow({ plant, command = check, says, mend }: Planted): Promise<void> {
  const one = new Beginner(made)
  onTestFinished(() => one.close())
  plant(one)
  let said = await command(one)
  expect(said.ok, said.text).toBe(false)
  expect(said.text).toMatch(says)
  expect(mend.length).toBeLessThanOrEqual(2)
  for (const step of mend) {
    step(one)
    said = await command(one)
  }
  expect(said.ok, said.text).toBe(true)
}

describe('a mistake that a beginner makes', { timeout: 180_000 }, () => {
  it.each(Object.entries({ ...OF_THE_FILE, ...OF_THE_ENVIRONMENT }))(
    '%s: check says what to do, and that mends it',
    async (_, planted) => {
      await follow(planted)
    },
  )

  it('two receivers on one DATA_DIR: the second one says what to do, and that mends it', async () => {
    const first = new Beginner(made)
    onTestFinished(() => first.close())
    expect((await first.serve()).ok).toBe(true)
    await follow({
      plant: (one) => one.set('DATA_DIR', join(first.folder, 'data')),
      command: serve,
      says: /Another receiver is running on DATA_DIR .*\n {2}-> .*give this one a DATA_DIR of its own/,
      mend: [(one) => one.set('DATA_DIR', './data')],
    })
  })

  it.skipIf(!canHave(mountReadOnly))(
    'a DATA_DIR on a volume that is mounted read-only: the start says what to do, and that mends it',
    async () => {
      const disk = mountReadOnly()
      onTestFinished(() => disk?.remove())
      await follow({
        plant: (one) => one.set('DATA_DIR', String(disk?.path)),
        command: serve,
        says: /cannot be written: EROFS.*\n {2}-> Mount the volume of DATA_DIR writable, or set DATA_DIR to/,
        mend: [(one) => one.set('DATA_DIR', './data')],
      })
    },
  )

  it('a repository that is not there, and a token without the permission: doctor says what to do', async () => {
    const github = await startGitHub({
      limits: { enabled: false },
      repositories: ['acme/serving'],
      files: { '.github/workflows/deploy.yml': LISTENER },
    })
    onTestFinished(() => github.close())
    const withGitHub = (one: Beginner) => one.set('GITHUB_API_URL', github.url)
    const doctor = (one: Beginner) => one.run('doctor')
    await follow({
      plant: (one) => {
        withGitHub(one)
        one.edit('acme/serving', 'acme/servng')
      },
      command: doctor,
      says: /problem: acme\/servng: .*does not exist.*\n {2}-> .*spelling/,
      mend: [(one) => one.edit('acme/servng', 'acme/serving')],
    })
    github.failNext({ kind: 'answer', name: 'missing-permission-token' }, { operation: 'dispatch' })
    await follow({
      plant: withGitHub,
      command: doctor,
      says: /problem: acme\/serving: .*may not.*\n {2}-> .*contents=write|Contents: write/i,
      // The stand-in refuses once: the person has given the permission on GitHub's page.
      mend: [() => undefined],
    })
  })

  it('a secret that W&B has with a line break: the log says so, and without it the event is accepted', async () => {
    const one = new Beginner(made)
    onTestFinished(() => one.close())
    const { url, log } = await one.serve()
    const secret = /^WANDB_WEBHOOK_SECRET=(.*)$/m.exec(one.env())?.[1] ?? ''
    const send = async (key: string) => {
      const body = JSON.stringify(aliasBody())
      const signature = createHmac('sha256', key).update(body).digest('hex')
      const headers = { 'content-type': 'application/json', 'x-wandb-signature': signature }
      return (await fetch(`${url}/webhooks/wandb`, { method: 'POST', headers, body })).status
    }
    expect(await send(`${secret}\n`)).toBe(401)
    await expect.poll(log, { timeout: 10_000 }).toMatch(/line break/)
    expect(await send(secret)).toBe(202)
  })
})

const LISTENER = `on:
  repository_dispatch: { types: [deploy-model] }
concurrency: { group: "\${{ github.event.client_payload.model_event.subject_key }}", queue: max }
jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`

function mountReadOnly(): { path: string; remove(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'model-dispatch-read-only-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', path], { stdio: 'pipe' })
  } catch {
    rmSync(path, { recursive: true })
    return null
  }
  return {
    path,
    remove() {
      execFileSync('umount', [path])
      rmSync(path, { recursive: true })
    },
  }
}
