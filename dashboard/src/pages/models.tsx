import { OWN_SOURCE } from '../../../src/contract/model-event.ts'
import type { Page, Subject } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { Async, Mark, Nothing, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'
import { To } from '../parts/text.tsx'

const COLUMNS: readonly Column<Subject>[] = [
  {
    title: 'Model',
    show: ({ model, alias, source }) => (
      <To path={`/models/${encodeURIComponent(model)}`} params={{ alias, source }}>
        {model}
      </To>
    ),
  },
  { title: 'Alias or stage', show: ({ alias }) => alias ?? '' },
  { title: 'Version', show: ({ version }) => version ?? <span className="quiet">unknown</span> },
  { title: 'By', show: ({ author }) => author ?? '', wide: true },
  { title: 'Since', show: ({ last_event }) => <When at={last_event.received_at} /> },
  { title: 'Sent', show: ({ deliveries }) => <Sent deliveries={deliveries} /> },
]

function Sent({ deliveries }: Pick<Subject, 'deliveries'>) {
  if (deliveries.length === 0) return <span className="quiet">nothing</span>
  return deliveries.map(({ id, target, status }) => (
    <div key={id}>
      <Mark>{status}</Mark> <To path={`/deliveries/${id}`}>{target}</To>
    </div>
  ))
}

/** Which version holds which alias or stage, and what was sent for it. */
export default function Models(_props: PageProps) {
  const subjects = useApi<Page<Subject>>('/subjects', { limit: 100 }, ['event', 'delivery'])
  return (
    <>
      <Title about="One row for each model and alias or stage, as the latest events said, the newest first.">
        Models
      </Title>
      <Async of={subjects}>
        {({ items: all }) => {
          // The receiver's own alerts are about models too, and no change of them.
          const items = all.filter(({ source }) => source !== OWN_SOURCE)
          return items.length === 0 ? (
            <Nothing title="No model has been heard of yet">Each event about a model brings it here.</Nothing>
          ) : (
            <Rows
              label="Models"
              columns={COLUMNS}
              items={items}
              keyOf={({ source, model, alias }) => JSON.stringify([source, model, alias])}
            />
          )
        }}
      </Async>
    </>
  )
}
