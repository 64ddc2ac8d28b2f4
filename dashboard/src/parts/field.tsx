import { Select } from '@primer/react'
import { useId, type ReactNode } from 'react'
import { Message } from './text.tsx'

/** Attributes by which a control's label, help and mistake are read with it. */
export interface Described {
  id: string
  'aria-describedby'?: string
  'aria-invalid'?: true
}

/** A control with its label above it, and its help and its mistake below. */
export function Field(props: {
  label: string
  required?: boolean
  help?: string | undefined
  mistake?: string | undefined
  children: (described: Described) => ReactNode
}) {
  const { label, required, help, mistake, children } = props
  const id = useId()
  const texts = [help, mistake].filter((text) => text !== undefined)
  return (
    <div className="field">
      <label htmlFor={id} {...(required === true && { className: 'required' })}>
        {label}
      </label>
      {children({
        id,
        ...(texts.length > 0 && { 'aria-describedby': `${id}-help` }),
        ...(mistake !== undefined && { 'aria-invalid': true as const }),
      })}
      {texts.length > 0 && (
        <span id={`${id}-help`} className="help">
          {help !== undefined && <Message>{help}</Message>}
          {mistake !== undefined && (
            <strong className="mistake" role="alert">
              <Message>{mistake}</Message>
            </strong>
          )}
        </span>
      )}
    </div>
  )
}

/** A choice among values; each shows as its text. */
export function Choice(props: {
  described: Described
  value: string
  options: readonly (readonly [value: string, text: string])[]
  onChange: (value: string) => void
}) {
  const { described, value, options, onChange } = props
  return (
    <Select {...described} block value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([one, text]) => (
        <Select.Option key={one} value={one}>
          {text}
        </Select.Option>
      ))}
    </Select>
  )
}
