import { CheckIcon, XIcon } from '@primer/octicons-react'
import { stringify } from 'yaml'
import type { Draft } from '../lib/draft.ts'
import { automationPath } from '../lib/route.ts'
import { AUTOMATION } from '../lib/schema.ts'
import { useSession } from '../lib/session.ts'
import type { Automation as AutomationShape } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { useEditor, type Editor } from '../lib/use-editor.ts'
import { count } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { Ask } from '../parts/ask.tsx'
import { Conflict } from '../parts/conflict.tsx'
import { Copy } from '../parts/copy.tsx'
import { Fields } from '../parts/form.tsx'
import { Preview } from '../parts/preview.tsx'
import { Async, Raw, Section, Title } from '../parts/states.tsx'
import { TestIt } from '../parts/test-it.tsx'
import { Notice } from '../parts/notice.tsx'
import { Fault, Message } from '../parts/text.tsx'

/** Shows an automation: created and changed here, or read-only where a file has it. */
export default function Automation({ parts }: PageProps) {
  const name = parts['name'] ?? ''
  const is_new = name === 'new'
  const found = useApi<AutomationShape>(is_new ? null : automationPath(name))
  if (is_new) return <Whole before={null} />
  return <Async of={found}>{(data) => <Whole key={data.name} before={data} />}</Async>
}

function Whole({ before }: { before: AutomationShape | null }) {
  const { may_write } = useSession()
  const is_fixed = before?.origin === 'file' || !may_write
  const editor = useEditor(before, { may_write: !is_fixed })
  const { base, draft, mistakes, change, refused } = editor
  return (
    <>
      <Title
        back={['/automations', 'Automations']}
        actions={!is_fixed && <Actions editor={editor} />}
        about={base?.description ?? undefined}
      >
        {base?.name ?? 'New automation'}
      </Title>
      {before?.origin === 'file' && (
        <Notice>
          {`This automation is written in ${before.file ?? 'the configuration file'}${before.line === null ? '' : `, line ${before.line}`}: change it there.`}
        </Notice>
      )}
      {base?.problem != null && (
        <Notice tone="critical">
          <Fault of={base.problem} />
        </Notice>
      )}
      <Conflict editor={editor} />
      <div className="two">
        <Section title="Settings">
          <fieldset className="form field-set" disabled={is_fixed}>
            <legend className="hidden">Settings</legend>
            <Fields
              key={base?.etag}
              schema={AUTOMATION}
              path=""
              value={draft}
              mistakes={mistakes}
              onChange={change}
            />
          </fieldset>
        </Section>
        <div className="beside">
          {!is_fixed && <Checked editor={editor} />}
          <Yaml draft={draft} />
          <Preview draft={draft} onRefused={refused} />
          {base !== null && may_write && <TestIt name={base.name} />}
        </div>
      </div>
    </>
  )
}

/** Says whether the draft could be saved as it is, and what keeps it from that. */
function Checked({ editor: { found } }: { editor: Editor }) {
  if (found === null) return null
  return (
    <div className="section card" role="status">
      {found.length === 0 ? (
        <span>
          <CheckIcon /> Valid: it can be saved.
        </span>
      ) : (
        <>
          <span>
            <XIcon /> {`${count(found.length, 'thing is', 'things are')} missing or wrong:`}
          </span>
          <ul>
            {found.map(({ key, message, fix }) => (
              <li key={`${key} ${message}`}>
                <code>{key}</code> <Message>{`${message}. ${fix}`}</Message>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

function Yaml({ draft }: { draft: Draft }) {
  const text = stringify({ automations: [draft] })
  return (
    <Section title="As YAML" actions={<Copy text={text} />}>
      <Raw label="The automation as YAML">{text}</Raw>
    </Section>
  )
}

function Actions({ editor: { base, save, remove } }: { editor: Editor }) {
  return (
    <>
      {base !== null && (
        <Ask label="Delete" title={`Delete ${base.name}?`} danger act={remove}>
          No later event matches it. Deliveries that were accepted already go on.
        </Ask>
      )}
      <Ask label={base === null ? 'Create' : 'Save'} act={save} primary />
    </>
  )
}
