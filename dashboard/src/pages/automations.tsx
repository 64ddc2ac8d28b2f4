import { LinkButton } from '@primer/react'
import { automationPath, linkTo } from '../lib/route.ts'
import { useSession } from '../lib/session.ts'
import type { Automation, Page } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { Async, Mark, Nothing, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'
import { To } from '../parts/text.tsx'

const TONES = { active: 'success', test_mode: 'attention', disabled: 'secondary' } as const

const COLUMNS: readonly Column<Automation>[] = [
  {
    title: 'Automation',
    show: ({ name, description }) => (
      <>
        <To path={automationPath(name)}>{name}</To>
        {description !== null && (
          <>
            <br />
            <span className="quiet">{description}</span>
          </>
        )}
      </>
    ),
  },
  {
    title: 'Status',
    show: ({ status, problem }) =>
      problem === null ? <Mark tone={TONES[status]}>{status}</Mark> : <Mark tone="danger">not in force</Mark>,
  },
  { title: 'When', show: ({ events, sources }) => [...sources, ...events].join(', '), wide: true },
  {
    title: 'Sends to',
    show: ({ destinations }) =>
      destinations
        .map(({ type, repository }) => (typeof repository === 'string' ? repository : type))
        .join(', '),
    wide: true,
  },
  {
    title: 'Written in',
    show: ({ origin, file, line, updated_at, updated_by }) =>
      origin === 'file' ? (
        <span title={file ?? ''}>{`${file?.split('/').at(-1) ?? 'a file'}, line\u00a0${line ?? '?'}`}</span>
      ) : (
        <>
          the API by {updated_by}, <When at={updated_at} />
        </>
      ),
    wide: true,
  },
]

/** The rules: what goes where. */
export default function Automations(_props: PageProps) {
  const { may_write } = useSession()
  const automations = useApi<Page<Automation>>('/automations')
  return (
    <>
      <Title
        about="Which events go where. Those of a configuration file are changed there, all others here."
        actions={
          may_write && (
            <LinkButton variant="primary" href={linkTo('/automations/new')}>
              New automation
            </LinkButton>
          )
        }
      >
        Automations
      </Title>
      <Async of={automations}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="There is no automation yet">
              An automation says which events start what.{' '}
              <To path="/automations/new">Create the first one</To>.
            </Nothing>
          ) : (
            <Rows label="Automations" columns={COLUMNS} items={items} keyOf={({ name }) => name} />
          )
        }
      </Async>
    </>
  )
}
