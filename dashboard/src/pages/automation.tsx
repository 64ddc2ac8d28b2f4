import { useState } from 'react'
import { stringify } from 'yaml'
import { call, callTagged, Problem } from '../lib/api.ts'
import { goTo } from '../lib/route.ts'
import { AUTOMATION } from '../lib/schema.ts'
import { useSession } from '../lib/session.ts'
import type { Automation as AutomationShape } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { Ask } from '../parts/ask.tsx'
import { Copy } from '../parts/copy.tsx'
import { Fields } from '../parts/form.tsx'
import { Preview } from '../parts/preview.tsx'
import { Async, Raw, Section, Title } from '../parts/states.tsx'
import { TestIt } from '../parts/test-it.tsx'
import { Notice } from '../parts/notice.tsx'

type Draft = Readonly<Record<string, unknown>>

/** The draft of a new automation: the most common one. */
const BEGINNING: Draft = {
  events: ['alias.added'],
  filter: { alias: 'production' },
  destinations: [{ type: 'repository_dispatch' }],
}

/** Shows an automation: created and changed here, or read-only where a file has it. */
export default function Automation({ parts }: PageProps) {
  const name = parts['name'] ?? ''
  const is_new = name === 'new'
  const found = useApi<AutomationShape>(is_new ? null : `/automations/${encodeURIComponent(name)}`)
  if (is_new) return <Editor before={null} draft={BEGINNING} reload={found.reload} />
  return (
    <Async of={found}>
      {(data) => <Editor key={data.name} before={data} draft={draftOf(data)} reload={found.reload} />}
    </Async>
  )
}

/** Returns the settings alone, those that say something, in the order of the schema. */
function draftOf(automation: AutomationShape): Draft {
  const settings = Object.keys(AUTOMATION.properties ?? {}).map((key) => [key, automation[key]] as const)
  return Object.fromEntries(
    settings.filter(([, value]) => value !== null && value !== undefined && !isEmpty(value)),
  )
}

const isEmpty = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

function Editor(props: { before: AutomationShape | null; draft: Draft; reload: () => void }) {
  const { before, reload } = props
  const { may_write } = useSession()
  const [draft, setDraft] = useState(props.draft)
  const [mistakes, setMistakes] = useState<ReadonlyMap<string, string>>(new Map())
  const from_file = before?.origin === 'file'
  const save = async () => {
    try {
      const body = await saveDraft(draft, before)
      setMistakes(new Map())
      goTo(`/automations/${encodeURIComponent(body.name)}`)
      reload()
      return 'Saved: the next event sees it.'
    } catch (error) {
      if (error instanceof Problem)
        setMistakes(new Map(error.problems.map(({ key, message }) => [key, message] as const)))
      throw error
    }
  }
  return (
    <>
      <Title back={['/automations', 'Automations']} actions={<Actions before={before} save={save} />}>
        {before?.name ?? 'New automation'}
      </Title>
      {from_file && (
        <Notice>
          {`It stands in ${before.file ?? 'the configuration file'}${before.line === null ? '' : `, line ${before.line}`}: change it there.`}
        </Notice>
      )}
      {before?.problem != null && (
        <Notice tone="critical">
          {before.problem.message} {before.problem.fix}
        </Notice>
      )}
      <div className="two">
        <Section title="Settings">
          <fieldset className="form field-set" disabled={from_file || !may_write}>
            <legend className="hidden">Settings</legend>
            <Fields schema={AUTOMATION} path="" value={draft} mistakes={mistakes} onChange={setDraft} />
          </fieldset>
        </Section>
        <div>
          <Yaml draft={draft} />
          <Preview draft={draft} onMistakes={setMistakes} />
          {before !== null && may_write && <TestIt name={before.name} />}
        </div>
      </div>
    </>
  )
}

async function saveDraft(draft: Draft, before: AutomationShape | null): Promise<AutomationShape> {
  if (before === null) return await call<AutomationShape>('/automations', { method: 'POST', body: draft })
  const path = `/automations/${encodeURIComponent(before.name)}`
  return (await callTagged<AutomationShape>(path, { method: 'PUT', body: draft, if_match: before.etag })).body
}

function Yaml({ draft }: { draft: Draft }) {
  const text = stringify({ automations: [draft] })
  return (
    <Section title="As YAML" actions={<Copy text={text} />}>
      <Raw label="The automation as YAML">{text}</Raw>
    </Section>
  )
}

function Actions({ before, save }: { before: AutomationShape | null; save: () => Promise<string> }) {
  const { may_write } = useSession()
  if (!may_write || before?.origin === 'file') return null
  const remove = async () => {
    if (before === null) return ''
    const path = `/automations/${encodeURIComponent(before.name)}`
    await call(path, { method: 'DELETE', if_match: before.etag })
    goTo('/automations')
    return 'Deleted.'
  }
  return (
    <>
      {before !== null && (
        <Ask label="Delete" title={`Delete ${before.name}?`} danger act={remove}>
          No later event matches it. Deliveries that were accepted already go on.
        </Ask>
      )}
      <Ask label={before === null ? 'Create' : 'Save'} act={save} />
    </>
  )
}
