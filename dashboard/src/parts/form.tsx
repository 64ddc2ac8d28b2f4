import { Button, Checkbox, Textarea, TextInput } from '@primer/react'
import { useState } from 'react'
import { kindOf, variantsOf, withKey, type Schema } from '../lib/schema.ts'
import { Choice, Field, type Described } from './field.tsx'
import { Message } from './text.tsx'

type Value = Readonly<Record<string, unknown>>

/** A value under a form: its schema, its present value, and the mistakes that the receiver found by key. */
interface FieldProps {
  name: string
  path: string
  schema: Schema
  value: unknown
  required: boolean
  mistakes: ReadonlyMap<string, string>
  onChange: (value: unknown) => void
}

/** The fields of an object, as its schema describes them. A new setting needs nothing here. */
export function Fields(props: {
  schema: Schema
  path: string
  value: Value
  mistakes: ReadonlyMap<string, string>
  onChange: (value: Value) => void
}) {
  const { schema, path, value, mistakes, onChange } = props
  return Object.entries(schema.properties ?? {}).map(([name, field]) =>
    field.const !== undefined ? null : (
      <Setting
        key={name}
        name={name}
        path={path === '' ? name : `${path}.${name}`}
        schema={field}
        value={value[name]}
        required={schema.required?.includes(name) ?? false}
        mistakes={mistakes}
        onChange={(changed) => onChange(withKey(value, name, changed))}
      />
    ),
  )
}

function Setting(props: FieldProps) {
  const kind = kindOf(props.schema)
  if (kind === 'group') return <Group {...props} />
  if (kind === 'variants') return <Variants {...props} />
  const { name, path, schema, required, mistakes } = props
  const mistake = mistakes.get(path)
  return (
    <Field label={name} required={required} help={schema.description} mistake={mistake}>
      {(described) => <Control {...props} described={described} />}
    </Field>
  )
}

function Control(props: FieldProps & { described: Described }) {
  const { schema, value, onChange, described } = props
  switch (kindOf(schema)) {
    case 'choice':
      return <ChoiceControl {...props} />
    case 'switch':
      return (
        <Checkbox
          {...described}
          checked={(value ?? schema.default) === true}
          onChange={(event) =>
            onChange(event.target.checked === schema.default ? undefined : event.target.checked)
          }
        />
      )
    case 'list':
      return <ListControl {...props} />
    case 'json':
      return <JsonControl {...props} />
    default:
      return <TextControl {...props} />
  }
}

type ControlProps = Pick<FieldProps, 'schema' | 'value' | 'onChange'> & { described: Described }

const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

function ChoiceControl({ schema, value, onChange, described }: ControlProps) {
  const unset = typeof schema.default === 'string' ? `Default: ${schema.default}` : 'Default'
  const options = (schema.enum ?? []).map((one) => [one, one] as const)
  return (
    <Choice
      described={described}
      value={textOf(value)}
      options={[['', unset], ...options]}
      onChange={(chosen) => onChange(chosen === '' ? undefined : chosen)}
    />
  )
}

/** A text, or a number where the schema wants one and it is one. */
function TextControl({ schema, value, onChange, described }: ControlProps) {
  const given = (typed: string) => {
    const number = Number(typed)
    const isNumber = kindOf(schema) === 'number' && typed.trim() !== '' && Number.isFinite(number)
    onChange(typed === '' ? undefined : isNumber ? number : typed)
  }
  return (
    <TextInput {...described} block value={textOf(value)} onChange={(event) => given(event.target.value)} />
  )
}

/** Edits a list, one entry per line. */
function ListControl({ value, onChange, described }: ControlProps) {
  const items = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
  const [text, setText] = useState(items.join('\n'))
  return (
    <Textarea
      {...described}
      block
      rows={Math.max(1, Math.min(6, text.split('\n').length))}
      resize="vertical"
      placeholder="one per line"
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        const entries = event.target.value
          .split('\n')
          .flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
        onChange(entries.length === 0 ? undefined : entries)
      }}
    />
  )
}

/** Edits a value without a control of its own as JSON; a text that does not parse is not taken. */
function JsonControl({ value, onChange, described }: ControlProps) {
  const [text, setText] = useState(value == null ? '' : JSON.stringify(value, null, 2))
  const [wrong, setWrong] = useState(false)
  return (
    <>
      <Textarea
        {...described}
        block
        rows={3}
        resize="vertical"
        placeholder={'{"key": "${event.model.name}"}'}
        value={text}
        {...(wrong && { validationStatus: 'error' as const })}
        onChange={(event) => {
          setText(event.target.value)
          try {
            onChange(event.target.value.trim() === '' ? undefined : JSON.parse(event.target.value))
            setWrong(false)
          } catch {
            setWrong(true)
          }
        }}
      />
      {wrong && <span role="alert">This is not JSON yet: the last text that was is kept.</span>}
    </>
  )
}

function Group({ name, path, schema, value, mistakes, onChange }: FieldProps) {
  const current = isObject(value) ? value : {}
  return (
    <details className="field-set" open={Object.keys(current).length > 0}>
      <summary>{name}</summary>
      {schema.description !== undefined && (
        <p className="help">
          <Message>{schema.description}</Message>
        </p>
      )}
      <Fields
        schema={schema}
        path={path}
        value={current}
        mistakes={mistakes}
        onChange={(changed) => onChange(Object.keys(changed).length === 0 ? undefined : changed)}
      />
    </details>
  )
}

/** A list whose entries have a type each, such as destinations. */
function Variants({ name, path, schema, value, mistakes, onChange }: FieldProps) {
  const entries = Array.isArray(value) ? value.filter(isObject) : []
  const variants = variantsOf(schema)
  const [first = ''] = variants.keys()
  const replace = (index: number, entry: Value | null) =>
    onChange(entries.flatMap((one, at) => (at !== index ? [one] : entry === null ? [] : [entry])))
  return (
    <fieldset className="field-set">
      <legend>{name}</legend>
      {entries.map((entry, index) => (
        <Variant
          key={index}
          label={`${name.replace(/s$/, '')} ${index + 1}`}
          path={`${path}[${index}]`}
          variants={variants}
          entry={entry}
          mistakes={mistakes}
          onChange={(changed) => replace(index, changed)}
        />
      ))}
      <div>
        <Button onClick={() => onChange([...entries, { type: first }])}>Add</Button>
      </div>
      {mistakes.get(path) !== undefined && (
        <strong className="mistake" role="alert">
          <Message>{mistakes.get(path) ?? ''}</Message>
        </strong>
      )}
    </fieldset>
  )
}

function Variant(props: {
  label: string
  path: string
  variants: ReadonlyMap<string, Schema>
  entry: Value
  mistakes: ReadonlyMap<string, string>
  /** Null removes it. */
  onChange: (entry: Value | null) => void
}) {
  const { label, path, variants, entry, mistakes, onChange } = props
  const type = String(entry['type'])
  return (
    <fieldset className="field-set">
      <legend>{label}</legend>
      <div className="row">
        <Field label="type">
          {(described) => (
            <Choice
              described={described}
              value={type}
              options={[...variants.keys()].map((one) => [one, one])}
              onChange={(chosen) => onChange({ type: chosen })}
            />
          )}
        </Field>
        <Button variant="danger" onClick={() => onChange(null)}>
          Remove
        </Button>
      </div>
      <Fields
        key={type}
        schema={variants.get(type) ?? {}}
        path={path}
        value={entry}
        mistakes={mistakes}
        onChange={onChange}
      />
    </fieldset>
  )
}

const isObject = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
