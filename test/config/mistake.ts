/** A source and one automation of six lines; more keys of the automation may follow. */
export const AUTOMATION = `version: 1
sources: { toys: { type: toy, secrets: [a-secret-of-the-toys] } }
automations:
  - name: first
    events: [TOY_MADE]
    destinations: [{ type: toy_run, repository: acme/toys }]
`
export const SECOND = `${AUTOMATION}  - name: second
    events: ["*"]
    destinations:
`
export const OPEN = `version: 1
sources: { toys: { type: toy, insecure: true } }
automations:
  - name: first
    destinations: [{ type: toy_note }]
`
export const SOURCE = `version: 1
sources:
  toys:
    type: toy
`

/** A mistake, and how it is shown. */
export type Mistake = [mistake: string, yaml: string, line: number, key: string, message: string, fix: string]
