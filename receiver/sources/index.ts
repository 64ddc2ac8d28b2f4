import { databricks } from './databricks/databricks.ts'
import { hmac } from './hmac/hmac.ts'
import { huggingface } from './huggingface/huggingface.ts'
import { mlflow } from './mlflow/mlflow.ts'
import type { SourceType } from './source.ts'
import { standardWebhooks } from './standard-webhooks/standard-webhooks.ts'
import { wandb } from './wandb/wandb.ts'

/** Every registry that can send to the receiver, by the `type:` of its sources. A new one is a line here. */
export const SOURCE_TYPES: ReadonlyMap<string, SourceType> = new Map(
  [wandb, databricks, mlflow, huggingface, standardWebhooks, hmac].map((source) => [source.type, source]),
)
