import { TextInput } from '@primer/react'
import { useEffect, useRef, useState } from 'react'
import { setParams, type Route } from '../lib/route.ts'
import { Choice, Field, type Described } from './field.tsx'

/** How long after the last key a text filter is applied, in ms. */
const TYPED_MS = 300

/** A filter of a list: free text, or one of some values. */
export interface Filter {
  name: string
  label: string
  values?: readonly string[]
  hint?: string
}

/** The filters of a list. They stand in the address, so that a link shows the same rows. */
export function Filters(props: { route: Route; filters: readonly Filter[] }) {
  const { route, filters } = props
  const change = (name: string, value: string) => setParams(route, { [name]: value, cursors: null })
  return (
    <div className="filters" role="search" aria-label="Filters">
      {filters.map((filter) => (
        <Field key={filter.name} label={filter.label}>
          {(described) => (
            <Control
              filter={filter}
              described={described}
              value={route.params.get(filter.name) ?? ''}
              onChange={(value) => change(filter.name, value)}
            />
          )}
        </Field>
      ))}
    </div>
  )
}

interface ControlProps {
  filter: Filter
  described: Described
  value: string
  onChange: (value: string) => void
}

function Control(props: ControlProps) {
  const { filter, described, value, onChange } = props
  if (filter.values === undefined) return <TextFilter {...props} />
  const options = filter.values.map((one) => [one, one.replaceAll('_', ' ')] as const)
  return <Choice {...{ described, value, onChange }} options={[['', 'All'], ...options]} />
}

function TextFilter({ filter, described, value, onChange }: ControlProps) {
  const [text, setText] = useState(value)
  const applied = useRef(value)
  useEffect(() => {
    // A link or the browser's own buttons have set another filter than what was typed here.
    if (value === applied.current) return
    applied.current = value
    setText(value)
  }, [value])
  useEffect(() => {
    if (text === applied.current) return
    const timer = setTimeout(() => {
      applied.current = text
      onChange(text)
    }, TYPED_MS)
    return () => clearTimeout(timer)
  }, [text, onChange])
  return (
    <TextInput
      {...described}
      block
      value={text}
      placeholder={filter.hint ?? ''}
      onChange={(event) => setText(event.target.value)}
    />
  )
}

/** Returns the filters that the address sets, whether any does, the cursors of the pages before, and how to move. */
export function readList(route: Route, names: readonly string[]) {
  const query = Object.fromEntries(names.map((name) => [name, route.params.get(name)]))
  const cursors = (route.params.get('cursors') ?? '').split(' ').filter((cursor) => cursor !== '')
  return {
    is_filtered: Object.values(query).some((value) => value !== null && value !== ''),
    query: { ...query, limit: 50, cursor: cursors.at(-1) ?? null },
    cursors,
    onMove: (moved: string[]) => setParams(route, { cursors: moved.join(' ') }),
  }
}
