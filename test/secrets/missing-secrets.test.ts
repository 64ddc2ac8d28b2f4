import { expect, it, onTestFinished } from 'vitest'
import { startHouse } from '../regressions/receiver.ts'

const config = (name: string) => `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
automations:
  - name: tell
    events: [LINK_ARTIFACT]
    destinations:
      - { type: webhook, url: 'https://hooks.example.com/', access_token: '\${env:GITHUB_TOKEN}', headers: { x-key: '\${${name}}', x-own: '\${ACCESS_TOKEN}' } }
  - name: off
    status: disabled
    events: [LINK_ARTIFACT]
    destinations: [{ type: slack, url: '\${NOT_NEEDED}' }]
`

it('A stored secret that a destination names and nobody has stored is a warning at the start and at each change', async () => {
  const house = await startHouse({ config: config('HOOK_KEY') })
  onTestFinished(() => house.close())
  const warned = () => house.log.filter(({ message }) => message === 'a stored secret is missing')
  const fix = expect.stringContaining('PUT /api/v1/secrets/HOOK_KEY') as string
  await expect.poll(warned).toMatchObject([{ name: 'HOOK_KEY', automations: ['tell'], fix }])
  await house.reload(config('OTHER_KEY'))
  await expect.poll(warned).toMatchObject([{ name: 'HOOK_KEY' }, { name: 'OTHER_KEY' }])
})
