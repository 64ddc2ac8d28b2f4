import { TextInput } from '@primer/react'
import { Field } from './field.tsx'

/** A field for one line of text; `kind` says what the browser may do with it. */
export function TextField(props: {
  label: string
  value: string
  onChange: (value: string) => void
  help?: string
  hint?: string
  /** `password` hides the text, and lets the browser offer the one of last time; `secret` only hides it. */
  kind?: 'text' | 'password' | 'secret'
}) {
  const { label, value, onChange, help, hint = '', kind = 'text' } = props
  return (
    <Field label={label} help={help}>
      {(described) => (
        <TextInput
          {...described}
          block
          type={kind === 'text' ? 'text' : 'password'}
          autoComplete={kind === 'password' ? 'current-password' : 'off'}
          placeholder={hint}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
