/** Something wrong, told as an instruction. Every error that people see has this shape. */
export interface Problem {
  /** What is wrong, and where. Never holds the value of a secret. */
  message: string
  /** What to do about it; empty where nothing can be done. */
  fix: string
}
