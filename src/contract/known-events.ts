import { DATABRICKS_EVENTS } from './databricks/events.ts'
import { EVENT_KINDS } from './model-event.ts'
import { nearestWord } from './nearest-word.ts'
import { WANDB_EVENTS, wandbEventType } from './wandb/events.ts'

/**
 * Returns the name of an event or kind that `name` was probably meant to be, or null where it is one, or like none.
 * Case does not count. Names that are like none may be those of a registry that is not known here.
 */
export function meantEvent(name: string): string | null {
  const known = [...Object.keys(WANDB_EVENTS), ...Object.keys(DATABRICKS_EVENTS), ...EVENT_KINDS]
  const isKnown = wandbEventType(name) ?? known.find((one) => one.toLowerCase() === name.toLowerCase())
  return isKnown === undefined ? nearestWord(name, known) : null
}
