import type { Tx } from '../db.ts'
import type { AutomationChange, Expected, StoredAutomation } from '../management-records.ts'
import {
  beginChange,
  countAutomations,
  deleteAutomationRow,
  readAutomations,
  readVersion,
  upsertAutomation,
  versionOf,
} from '../tables/automations.ts'
import { readAutomationNames } from '../tables/revisions.ts'

/** More automations than this are not stored: each event is matched against all of them. */
const MOST_AUTOMATIONS = 1_000

/** Returns every stored automation and the version of all of them. */
export async function storedAutomations(tx: Tx): Promise<{ version: number; items: StoredAutomation[] }> {
  // The version first: one that is older than the texts costs a second reading, a newer one would hide a change.
  const version = await readVersion(tx)
  return { version, items: await readAutomations(tx) }
}

/** Returns the version of the stored automations. */
export async function automationsVersion(tx: Tx): Promise<number> {
  return readVersion(tx)
}

/** Stores an automation: see `Operations.putAutomation`. */
export async function putAutomation(
  tx: Tx,
  {
    name,
    spec,
    expected,
    by,
  }: { name: string; spec: StoredAutomation['spec']; expected: Expected; by: string },
): Promise<AutomationChange> {
  const version = await beginChange(tx)
  const present = await versionOf(tx, name)
  if (!isAsExpected(present, expected)) return { outcome: 'unexpected', version: present }
  if (present === null && (await countAutomations(tx)) >= MOST_AUTOMATIONS) return { outcome: 'too_many' }
  await upsertAutomation(tx, { name, spec, version, updated_by: by })
  return { outcome: present === null ? 'created' : 'replaced', version }
}

/** Deletes a stored automation: see `Operations.deleteAutomation`. */
export async function deleteAutomation(
  tx: Tx,
  { name, expected }: { name: string; expected: Expected },
): Promise<AutomationChange> {
  const version = await beginChange(tx)
  const present = await versionOf(tx, name)
  if (present === null || !isAsExpected(present, expected)) return { outcome: 'unexpected', version: present }
  await deleteAutomationRow(tx, name)
  return { outcome: 'deleted', version }
}

/** Returns the names of all automations that ever had a revision here. */
export async function automationNames(tx: Tx): Promise<string[]> {
  return readAutomationNames(tx)
}

function isAsExpected(present: number | null, expected: Expected): boolean {
  if (expected === 'anything') return true
  if (expected === 'absent') return present === null
  if (expected === 'present') return present !== null
  return present === expected.version
}
