import type { DeliveryError } from '../records.ts'

/** The error under which a lost worker's attempt is kept. */
export const LOST: DeliveryError = {
  class: 'ambiguous',
  message: 'The receiver that made this attempt stopped or lost its claim; the request may have arrived.',
  fix: 'Nothing to do: it is tried again with the same delivery_id.',
}

/** Why a delivery fails whose workers were lost again and again: the delivery may be what stops them. */
export const LOST_TOO_OFTEN: DeliveryError = {
  class: 'ambiguous',
  message:
    'Every receiver that tried this delivery stopped or lost its claim, until its attempts were used up.',
  fix: 'Look in the logs for why receivers stop; then redeliver it.',
}

/** Why a delivery expires: the `expires_after` of its automation. */
export const EXPIRED: DeliveryError = {
  class: 'expired',
  message: 'Its time ran out before it got through.',
  fix: 'Redeliver it if it still matters. Give its automation a longer `expires_after` if that is too short.',
}
