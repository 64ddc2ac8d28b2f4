/** Something wrong, told as an instruction. Every error that people see has this shape. */
export interface Problem {
  /** The mistake, and where it is. Never holds the value of a secret. */
  message: string
  /** The advice; empty where nothing can be done. */
  fix: string
}
