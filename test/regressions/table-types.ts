/** A test by the file that it is in, from the top of the project, and its name as it is written there. */
export interface NamedTest {
  file: string
  name: string
}

/** A failure that another project had in public: the test that it can't happen here, or why it can't. */
export type Regression = {
  row: number
  seen_in: string
  must_not_happen: string
} & ({ tests: readonly [NamedTest, ...NamedTest[]] } | { why_not: string })

/** A test of a file below `test/`. */
export const test = (file: string, name: string): NamedTest => ({ file: `test/${file}`, name })
