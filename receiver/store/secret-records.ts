/** A secret that is stored under a name, as it is encrypted. */
export interface SealedRow {
  name: string
  /** Where it may be sent. */
  hosts: readonly string[]
  /** Which key it is sealed under. */
  key_id: string
  sealed: Uint8Array
}

/** A stored secret as it may be shown. Times are Unix ms. */
export interface StoredSecret {
  name: string
  hosts: readonly string[]
  created_at: number
  updated_at: number
  /** About when a request last carried it, to the minute; null: never. */
  last_used_at: number | null
}

/** The outcome of storing a secret. */
export interface PutSecret {
  /** `other_key`: what is stored is under a key that this process does not have. */
  outcome: 'created' | 'replaced' | 'other_key' | 'too_many'
}
