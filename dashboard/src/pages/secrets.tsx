import { Button } from '@primer/react'
import { useState } from 'react'
import { call } from '../lib/api.ts'
import { useSession } from '../lib/session.ts'
import type { Page, StoredSecret } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { reasonOf } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { TextField } from '../parts/text-field.tsx'
import { Ask } from '../parts/ask.tsx'
import { Said, type Ending } from '../parts/notice.tsx'
import { Async, Nothing, Section, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'

/** Secrets that destinations use by name. A value goes in and never comes back. */
export default function Secrets(_props: PageProps) {
  const { may_write } = useSession()
  const secrets = useApi<Page<StoredSecret>>('/secrets')
  return (
    <>
      <Title about="Webhooks use these as ${NAME}. Each is bound to its hosts; its value is never shown again.">
        Secrets
      </Title>
      {may_write && <Put onDone={secrets.reload} />}
      <Async of={secrets}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No secret is stored">
              Store one above, then write it as {'${NAME}'} in a webhook.
            </Nothing>
          ) : (
            <Rows
              label="Secrets"
              columns={columns(secrets.reload)}
              items={items}
              keyOf={({ name }) => name}
            />
          )
        }
      </Async>
    </>
  )
}

const columns = (reload: () => void): readonly Column<StoredSecret>[] => [
  { title: 'Name', show: ({ name }) => name },
  { title: 'Hosts', show: ({ hosts }) => hosts.join(', ') },
  { title: 'Changed', show: ({ updated_at }) => <When at={updated_at} />, wide: true },
  { title: 'Last used', show: ({ last_used_at }) => <When at={last_used_at} />, wide: true },
  { title: 'Act', show: ({ name }) => <Delete name={name} reload={reload} /> },
]

function Delete({ name, reload }: { name: string; reload: () => void }) {
  const { may_write } = useSession()
  const remove = async () => {
    await call(`/secrets/${encodeURIComponent(name)}`, { method: 'DELETE' })
    reload()
    return 'Deleted.'
  }
  return (
    <Ask label="Delete" title={`Delete ${name}?`} danger act={remove} disabled={!may_write}>
      Webhooks that name it fail from now on, with this as their reason.
    </Ask>
  )
}

function Put({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('')
  const [hosts, setHosts] = useState('')
  const [value, setValue] = useState('')
  const [said, setSaid] = useState<Ending | null>(null)
  const put = async () => {
    const bound = hosts.split(/[\s,]+/).filter((host) => host !== '')
    try {
      await call(`/secrets/${encodeURIComponent(name)}`, { method: 'PUT', body: { value, hosts: bound } })
      setValue('')
      setSaid({ text: `${name} is stored.`, failed: false })
      onDone()
    } catch (error) {
      setSaid({ text: reasonOf(error), failed: true })
    }
  }
  return (
    <Section title="Store a secret">
      <form
        className="row gap even"
        onSubmit={(event) => {
          event.preventDefault()
          void put()
        }}
      >
        <TextField label="Name" hint="SLACK_TOKEN" value={name} onChange={setName} />
        <TextField label="Hosts" hint="hooks.example.com" value={hosts} onChange={setHosts} />
        <TextField label="Value" kind="secret" value={value} onChange={setValue} />
        <Button type="submit" variant="primary" disabled={name === '' || hosts === '' || value === ''}>
          Store
        </Button>
      </form>
      <Said ending={said} />
    </Section>
  )
}
