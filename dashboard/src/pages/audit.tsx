import type { AuditEntry, Page } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { pretty } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { readList } from '../parts/filters.tsx'
import { Paged } from '../parts/paged.tsx'
import { Nothing, Raw, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'When', show: ({ at }) => <When at={at} /> },
  { title: 'Who', show: ({ actor }) => (actor === '' ? <span className="quiet">nobody known</span> : actor) },
  { title: 'What', show: ({ action, target }) => (target === null ? action : `${action}: ${target}`) },
  { title: 'From', show: ({ address }) => address ?? '', wide: true },
  {
    title: 'Details',
    show: ({ action, details }) => <Details title={action} details={details} />,
    wide: true,
  },
]

function Details({ title, details }: { title: string; details: object }) {
  if (Object.keys(details).length === 0) return null
  return (
    <details>
      <summary>Show</summary>
      <Raw label={`${title}: details`}>{pretty(details)}</Raw>
    </details>
  )
}

/** Who did what through the page and the API. */
export default function Audit({ route }: PageProps) {
  const { query, is_filtered: _, ...at } = readList(route, [])
  const entries = useApi<Page<AuditEntry>>('/audit', query)
  return (
    <>
      <Title about="Who changed, sent, tested or tried what, newest first. No secret is ever in it.">
        Audit log
      </Title>
      <Paged of={entries} at={at} nothing={<Nothing title="Nobody has changed anything yet" />}>
        {(items) => <Rows label="Audit log" columns={COLUMNS} items={items} keyOf={({ id }) => id} />}
      </Paged>
    </>
  )
}
