import { call } from '../lib/api.ts'
import { useSession } from '../lib/session.ts'
import type { Lane, Page } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { Ask } from '../parts/ask.tsx'
import { Async, Mark, Nothing, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'
import { Message } from '../parts/text.tsx'

/** Lists lanes: whether each is paused, and why. */
export default function Lanes(_props: PageProps) {
  const lanes = useApi<Page<Lane>>('/lanes', {}, ['lane', 'delivery'])
  return (
    <>
      <Title about="A lane is what a limit counts together: a GitHub identity, a workspace, a URL. A paused lane goes on by itself.">
        Lanes
      </Title>
      <Async of={lanes}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="Nothing has been sent yet">A lane appears with its first delivery.</Nothing>
          ) : (
            <Rows label="Lanes" columns={columns(lanes.reload)} items={items} keyOf={({ lane }) => lane} />
          )
        }
      </Async>
    </>
  )
}

const columns = (reload: () => void): readonly Column<Lane>[] => [
  { title: 'Lane', show: ({ lane }) => lane },
  {
    title: 'State',
    show: ({ pause }) =>
      pause === null ? (
        <Mark tone="success">open</Mark>
      ) : (
        <>
          <Mark tone="danger">{`paused: ${pause.reason}`}</Mark> <Message>{pause.message ?? ''}</Message> Goes
          on <When at={pause.until} />.
        </>
      ),
  },
  { title: 'Waiting', show: ({ waiting }) => waiting.toLocaleString('en') },
  {
    title: 'Oldest',
    show: ({ oldest_at }) => (oldest_at === null ? '' : <When at={oldest_at} />),
    wide: true,
  },
  { title: 'Act', show: ({ lane, pause }) => (pause === null ? null : <Resume id={lane} reload={reload} />) },
]

function Resume({ id, reload }: { id: string; reload: () => void }) {
  const { may_write } = useSession()
  const resume = async () => {
    await call(`/lanes/${encodeURIComponent(id)}/resume`, { method: 'POST', body: {} })
    reload()
    return 'The next delivery is tried now.'
  }
  return <Ask label="Resume" act={resume} disabled={!may_write} />
}
